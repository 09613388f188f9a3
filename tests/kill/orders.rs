//! Which fail points are still to be passed, and who is to die there.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use runner_keeper::failpoint::Point;

use crate::random::Random;

/// How often an order may come to nothing. A run passes some points only on its way through another's misfortune.
const TRIES: usize = 12;

/// What has to be so that a point is passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum When {
    /// Any life will do.
    Any,
    /// A life that takes up a run.
    Again,
    /// A life that takes up a run whose keeper was killed, too.
    Alone,
    /// The keeper is killed under a living engine.
    KeeperKilled,
    /// The engine is killed under a living keeper.
    EngineKilled,
}

/// An order: who dies at the N-th time that a point is passed.
#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) point: &'static str,
    pub(crate) victim: &'static str,
    pub(crate) when: When,
    tries: usize,
}

impl Order {
    /// What is written into the file that a process looks into.
    pub(crate) fn text(&self, random: &mut Random) -> String {
        let number = if self.tries == 0 && self.when == When::Any { 1 + random.below(4) } else { 1 };
        format!("{} {number} {}\n", self.point, self.victim)
    }

    /// Whether the engine dies of it, and whether the keeper does.
    pub(crate) fn kills(&self) -> (bool, bool) {
        match (self.point.starts_with("engine."), self.victim) {
            (_, "both") => (true, true),
            (true, "self") | (false, "peer") => (true, false),
            _ => (false, true),
        }
    }
}

/// The orders that are left, and how often each point was the place of a kill.
#[derive(Debug, Default)]
pub(crate) struct Orders {
    left: VecDeque<Order>,
    dealt: BTreeMap<&'static str, usize>,
}

impl Orders {
    pub(crate) fn are_left(&self) -> bool {
        !self.left.is_empty()
    }

    /// The next order that may be carried out where `fits` says so.
    pub(crate) fn next(&mut self, fits: impl Fn(When) -> bool) -> Option<Order> {
        let place = self.left.iter().position(|order| fits(order.when))?;
        self.left.remove(place)
    }

    /// It was carried out.
    pub(crate) fn dealt(&mut self, order: &Order) {
        *self.dealt.entry(order.point).or_default() += 1;
    }

    /// It was not: another time.
    pub(crate) fn missed(&mut self, mut order: Order) {
        order.tries += 1;
        assert!(order.tries < TRIES, "the point `{}` is never passed", order.point);
        self.left.push_back(order);
    }
}

impl Orders {
    /// At every point that is passed while an engine lives and nobody else dies, that engine dies.
    pub(crate) fn at_engines() -> Self {
        Self::of(Point::ALL.iter().filter_map(|point| match (is_engines(*point), when(*point)) {
            (true, When::Any | When::Again) => Some((*point, "self")),
            (false, _) if has_peer(*point) => Some((*point, "peer")),
            _ => None,
        }))
    }

    /// At every point the keeper dies, or both; one of them twice where it is alone.
    pub(crate) fn at_all() -> Self {
        Self::of(Point::ALL.iter().enumerate().flat_map(|(place, point)| {
            let victims: &[&'static str] = match (is_engines(*point), has_peer(*point)) {
                _ if matches!(when(*point), When::Alone | When::KeeperKilled | When::EngineKilled) => &["self", "self"],
                (false, false) => &["self", "self"],
                (true, false) => &["self"],
                _ if place % 2 == 0 => &["both"],
                (true, true) => &["peer"],
                (false, true) => &["self"],
            };
            victims.iter().map(move |victim| (*point, *victim))
        }))
    }

    fn of(orders: impl Iterator<Item = (Point, &'static str)>) -> Self {
        let order = |(point, victim): (Point, _)| Order { point: point.name(), victim, when: when(point), tries: 0 };
        // A build without fail points takes none.
        let only = std::env::var("ONLY").ok();
        let chosen = |point: &Point| only.as_ref().is_none_or(|only| point.name().contains(only.as_str()));
        let orders = orders.filter(|(point, _)| cfg!(feature = "failpoints") && chosen(point));
        Self { left: orders.map(order).collect(), ..Self::default() }
    }
}

fn is_engines(point: Point) -> bool {
    point.name().starts_with("engine.")
}

/// Whether it is passed while engine and keeper are connected. Elsewhere a process has nobody to kill but itself.
fn has_peer(point: Point) -> bool {
    let alone = [
        Point::RunCreated,
        Point::JournalCreated,
        Point::JournalBegun,
        Point::JournalTrimmed,
        Point::KeeperStarting,
        Point::KeeperStarted,
        Point::KeeperLeft,
        Point::KeeperLocked,
        Point::KeeperSigned,
        Point::ReceiptKeeper,
        Point::WroteKeeper,
        Point::KeeperLeaving,
    ];
    when(point) == When::Any && !alone.contains(&point)
}

fn when(point: Point) -> When {
    match point {
        Point::LifeBegins
        | Point::LifeDurable
        | Point::KeeperMet
        | Point::Recovered
        | Point::TakenOver
        | Point::JournalRewritten
        | Point::JournalTaken => When::Again,
        Point::KeeperSeized => When::Alone,
        Point::KeeperLost => When::KeeperKilled,
        Point::ReceiptSynced | Point::Parted => When::EngineKilled,
        _ => When::Any,
    }
}

impl fmt::Display for Orders {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (point, dealt) in &self.dealt {
            writeln!(f, "  {dealt:3} at {point}")?;
        }
        Ok(())
    }
}
