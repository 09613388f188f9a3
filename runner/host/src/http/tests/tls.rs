use rcgen::{CertificateParams, KeyPair};
use runner_sdk::ErrorKind;
use runner_sdk::world::{Http, HttpRequest};

use super::{RealHttp, Server, authority, issue, serial};

#[tokio::test]
async fn a_certificate_is_verified_and_its_rotation_is_seen() {
    let ours = authority("ours");
    let server = Server::start(|folder| {
        issue(&ours, "a.test", folder, 1);
        true
    })
    .await;
    let http = RealHttp::new();
    let first = http.request(server.secure(&ours)).await.unwrap();
    assert_eq!((first.status, serial(&first)), (200, vec![1]));
    issue(&ours, "a.test", server.folder.path(), 2);
    assert_eq!(serial(&http.request(server.secure(&ours)).await.unwrap()), [2]);
    // What does not fit is not shown, and said once.
    std::fs::write(server.folder.path().join("tls.key"), KeyPair::generate().unwrap().serialize_pem()).unwrap();
    for _ in 0..2 {
        assert_eq!(serial(&http.request(server.secure(&ours)).await.unwrap()), [2]);
    }
    let kept = |log: &[String]| log.iter().filter(|line| line.starts_with("the old certificate stays: ")).count();
    assert_eq!(kept(&server.log.lock().unwrap()), 1);
    std::fs::remove_file(server.folder.path().join("tls.key")).unwrap();
    assert_eq!(serial(&http.request(server.secure(&ours)).await.unwrap()), [2]);
    issue(&ours, "a.test", server.folder.path(), 3);
    assert_eq!(serial(&http.request(server.secure(&ours)).await.unwrap()), [3]);
}

#[tokio::test]
async fn a_wrong_authority_and_a_wrong_name_are_refused_for_good() {
    let (ours, same_name, other) = (authority("ours"), authority("ours"), authority("other"));
    let server = Server::start(|folder| {
        issue(&ours, "a.test", folder, 1);
        true
    })
    .await;
    let http = RealHttp::new();
    for wrong in [&same_name, &other] {
        let error = http.request(server.secure(wrong)).await.unwrap_err();
        assert_eq!(error.kind, ErrorKind::Permanent);
        let port = server.address.port();
        let expected = format!("the certificate of `a.test:{port}` is refused: no trusted authority signed it");
        assert_eq!(error.message, expected);
        assert!(error.hint.is_some());
    }
    let renamed = HttpRequest { url: "https://b.test/".into(), ..server.secure(&ours) };
    let error = http.request(renamed).await.unwrap_err();
    assert!(error.message.ends_with("is refused: it is for other names"), "{error}");
    // By its address, for which the certificate holds too; and with the system's authorities besides.
    let address = HttpRequest {
        connect_to: None,
        only_authorities: false,
        ..HttpRequest { url: format!("https://{}/", server.address), ..server.secure(&ours) }
    };
    assert_eq!(http.request(address).await.unwrap().status, 200);
}

#[tokio::test]
async fn an_expired_certificate_says_so() {
    let ours = authority("ours");
    let server = Server::start(|folder| {
        let mut params = CertificateParams::new(vec!["a.test".to_owned()]).unwrap();
        (params.not_before, params.not_after) = (rcgen::date_time_ymd(2001, 1, 1), rcgen::date_time_ymd(2002, 1, 1));
        let key = KeyPair::generate().unwrap();
        std::fs::write(folder.join("tls.crt"), params.signed_by(&key, &ours).unwrap().pem()).unwrap();
        std::fs::write(folder.join("tls.key"), key.serialize_pem()).unwrap();
        true
    })
    .await;
    let error = RealHttp::new().request(server.secure(&ours)).await.unwrap_err();
    assert!(error.message.ends_with("is refused: it has expired"), "{error}");
    assert_eq!(error.kind, ErrorKind::Permanent);
}

#[tokio::test]
async fn plain_and_tls_are_told_apart() {
    let (server, ours) = (Server::plain().await, authority("ours"));
    let error = RealHttp::new().request(server.secure(&ours)).await.unwrap_err();
    let expected = format!("`a.test:{}` does not speak TLS", server.address.port());
    assert_eq!((error.kind, error.message), (ErrorKind::Permanent, expected));
}
