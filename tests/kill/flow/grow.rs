//! Growing a workflow from a seed.

use super::{Body, Flow, Foreach, Item, Leaf, Rule, What, Work};
use crate::random::Random;

/// How deep groups and callees are nested.
const DEPTH: u64 = 2;

const KEYS: &[&str] = &["a", "b", "c", "d"];

struct Grower<'r> {
    random: &'r mut Random,
    ids: u64,
}

impl Flow {
    /// The workflow that grows from a seed. Each has everything that there is, in an order and nesting of its own.
    pub(crate) fn grow(seed: u64) -> Self {
        let mut random = Random::new(seed);
        let parallel = 1 + random.below(16);
        let body = Grower { random: &mut random, ids: 0 }.main();
        Self { seed, parallel, body }
    }
}

impl Grower<'_> {
    fn main(&mut self) -> Body {
        let mut works = vec![
            Work::Plain,
            Work::Plain,
            Work::Publishes,
            Work::Flaky(1 + self.random.below(2)),
            Work::Polled(1 + self.random.below(2)),
            Work::Slow,
            Work::Large,
            Work::Absent,
            Work::State,
            Work::Writes,
        ];
        self.shuffle(&mut works);
        let mut steps = Vec::new();
        // The service first: whoever needs it comes later, and somebody does.
        let service = self.leaf(Work::Service);
        steps.push(self.item(&[], service));
        for work in works {
            let leaf = self.leaf(work);
            let item = self.item(&steps, leaf);
            steps.push(item);
        }
        for what in [What::Group(self.body(1)), What::Call(self.body(1)), self.leaf(Work::Plain)] {
            let mut item = self.item(&steps, what);
            item.foreach = Some(self.foreach());
            steps.push(item);
            let leaf = self.any_leaf();
            let item = self.item(&steps, leaf);
            steps.push(item);
        }
        self.quiet(&mut steps);
        let served = self.leaf(Work::Served(0));
        let mut item = self.item(&steps, served);
        let needs = item.needs.get_or_insert_default();
        if !needs.contains(&0) {
            needs.push(0);
        }
        steps.push(item);
        let last = (0..=self.random.below(2)).map(|_| self.last()).collect();
        Body { steps, last }
    }

    /// Steps that follow one another by their exit codes alone, some of them at once.
    fn quiet(&mut self, steps: &mut Vec<Item>) {
        let failing = self.random.below(5);
        for at in 0..5 {
            let mut leaf = self.leaf(Work::Quiet(u64::from(at == failing)));
            if let What::Leaf(leaf) = &mut leaf
                && at > 0
            {
                leaf.rule = Rule::Repeat;
            }
            let mut item = self.item(steps, leaf);
            let last = steps.len();
            item.needs = match at {
                0 => Some(Vec::new()),
                3 => Some(vec![last - 2]),
                4 => Some(vec![last - 1, last - 2]),
                _ => None,
            };
            steps.push(item);
        }
    }

    /// The inside of a group or of a callee.
    fn body(&mut self, depth: u64) -> Body {
        let mut steps = Vec::new();
        for _ in 0..2 + self.random.below(3) {
            let what = match self.random.below(8) {
                0 if depth < DEPTH => What::Group(self.body(depth + 1)),
                1 if depth < DEPTH => What::Call(self.body(depth + 1)),
                _ => self.any_leaf(),
            };
            let mut item = self.item(&steps, what);
            if self.random.below(5) == 0 {
                item.foreach = Some(self.foreach());
            }
            steps.push(item);
        }
        let last = (0..self.random.below(3)).map(|_| self.last()).collect();
        Body { steps, last }
    }

    fn last(&mut self) -> Item {
        let leaf = self.leaf(Work::Plain);
        self.item(&[], leaf)
    }

    fn item(&mut self, before: &[Item], what: What) -> Item {
        self.ids += 1;
        let needs = match self.random.below(3) {
            // A chain.
            0 => None,
            // A start of its own.
            1 if self.random.below(2) == 0 => Some(Vec::new()),
            // Diamonds.
            _ => {
                let some = (0..before.len()).filter(|_| self.random.below(before.len() as u64) < 2);
                Some(some.take(3).collect())
            }
        };
        Item { id: format!("s{}", self.ids), needs, foreach: None, what }
    }

    fn foreach(&mut self) -> Foreach {
        let keys = KEYS[..2 + self.random.below(2) as usize].to_vec();
        let max_parallel = (self.random.below(2) == 0).then(|| 1 + self.random.below(2));
        Foreach { keys, max_parallel }
    }

    fn any_leaf(&mut self) -> What {
        let work = match self.random.below(12) {
            0 => Work::Flaky(1),
            1 => Work::Polled(1),
            2 => Work::Publishes,
            6 | 7 => Work::Quiet(0),
            3 => Work::State,
            4 => Work::Writes,
            5 => Work::Says,
            _ => Work::Plain,
        };
        self.leaf(work)
    }

    fn leaf(&mut self, work: Work) -> What {
        let rule = match (work, self.random.below(3)) {
            (Work::Service | Work::Served(_) | Work::Absent, _) | (_, 0) => Rule::Repeat,
            // What is asked would have to print as much, or to know that it failed on purpose.
            (Work::Large | Work::Flaky(_) | Work::Polled(_) | Work::Quiet(1..), _) | (_, 1) => Rule::Stop,
            _ => Rule::Check,
        };
        What::Leaf(Leaf { work, rule, takes: self.random.below(12) })
    }

    fn shuffle<T>(&mut self, all: &mut [T]) {
        for place in (1..all.len()).rev() {
            all.swap(place, self.random.below(place as u64 + 1) as usize);
        }
    }
}
