//! What is wrong with k0rdent 1.5.0 where its users notice it.

/// A defect.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Defect {
    /// A `ClusterDeployment` is Ready for some seconds right after it was created.
    ReadyAtBirth,
    /// While a `ClusterDeployment` converges, the reason of its Ready is `Failed`; without the defect it is `Progressing`.
    FailedMeanwhile,
    /// A Region that was Ready once is not looked at again until its spec changes: what breaks in it later is not told.
    StaleRegion,
    /// Copied Secrets (a region's kubeconfig, the registry's CA) stay as they were first copied.
    CopiesNeverUpdated,
    /// A Credential is ready although its identity is not in the region, or the region is being deleted.
    CredentialLies,
    /// The kubeconfig of a region by `ClusterDeployment` is looked for in the namespace of the child that is deployed there.
    ForeignNamespace,
    /// Of two clusters of one name in two namespaces of one region, the younger shows the elder's `CAPIClusterSummary`.
    SameName,
    /// `cleanupOnDeletion` looks for a Secret that does not exist: load balancers stay, and nobody says so.
    CleanupSkipped,
}

impl Defect {
    /// k0rdent 1.5.0 as it is.
    pub const ALL: &[Self] = &[
        Self::ReadyAtBirth,
        Self::FailedMeanwhile,
        Self::StaleRegion,
        Self::CopiesNeverUpdated,
        Self::CredentialLies,
        Self::ForeignNamespace,
        Self::SameName,
        Self::CleanupSkipped,
    ];
}
