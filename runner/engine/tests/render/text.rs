//! Workflows by chance: lists with needs of every shape, groups, items, `finally`, and texts that speak of any step.

use std::fmt::Write as _;

/// Chance with a seed.
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `sides`.
    pub(crate) fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from((self.0 >> 11) % sides as u64).unwrap_or(0)
    }

    fn one_in(&mut self, sides: usize) -> bool {
        self.roll(sides) == 0
    }
}

/// A workflow.
pub(crate) fn workflow(dice: &mut Dice) -> String {
    let mut text = String::from("steps:\n");
    list(dice, &mut text, 1, "s", 0);
    if dice.one_in(2) {
        text.push_str("finally:\n");
        step(dice, &mut text, 1, "last", &names("s", 2), 2);
    }
    text
}

fn names(prefix: &str, count: usize) -> Vec<String> {
    (0..count).map(|at| format!("{prefix}{at}")).collect()
}

fn list(dice: &mut Dice, text: &mut String, depth: usize, prefix: &str, outside: usize) {
    let count = 2 + dice.roll(5);
    let known = names(prefix, count);
    for at in 0..count {
        let mut seen = known.clone();
        // Outside of a group are the steps of the list around it.
        seen.extend(names("s", outside));
        step(dice, text, depth, &known[at], &seen, at);
    }
}

/// One step; `before` are so many steps of its list that stand before it.
fn step(dice: &mut Dice, text: &mut String, depth: usize, id: &str, seen: &[String], before: usize) {
    let pad = "  ".repeat(depth);
    let _ = writeln!(text, "{pad}- id: {id}");
    if !id.starts_with("last") && dice.one_in(3) {
        let needs: Vec<_> = (0..before).filter(|_| dice.one_in(2)).map(|at| seen[at].clone()).collect();
        let _ = writeln!(text, "{pad}  needs: [{}]", needs.join(", "));
    }
    if dice.one_in(3) {
        let _ = writeln!(text, "{pad}  on_error: {}", ["ignore", "continue"][dice.roll(2)]);
    }
    if dice.one_in(4) {
        let _ = writeln!(text, "{pad}  when: always()");
    }
    let item = dice.one_in(5);
    if item {
        let _ = writeln!(text, "{pad}  foreach: \"['x', 'y']\"");
    }
    if depth == 1 && !id.starts_with("last") && dice.one_in(5) {
        let _ = writeln!(text, "{pad}  steps:");
        list(dice, text, depth + 2, &format!("{id}g"), before);
        return;
    }
    let words = speech(dice, seen, before, item);
    let _ = writeln!(text, "{pad}  uses: test.say\n{pad}  env: {{E: \"{}\"}}", speech(dice, seen, before, item));
    let _ = writeln!(text, "{pad}  with: {{text: \"{words}\"}}");
}

/// A text that speaks mostly of a step before it in its list, and sometimes of any that it knows of, or of all.
fn speech(dice: &mut Dice, seen: &[String], before: usize, item: bool) -> String {
    let of = |dice: &mut Dice| match before {
        0 => seen[dice.roll(seen.len())].clone(),
        _ if dice.one_in(40) => seen[dice.roll(seen.len())].clone(),
        _ => seen[before - 1].clone(),
    };
    match dice.roll(6) {
        0 => format!("{{{{steps.{}.status}}}} {{{{steps.{}.attempts}}}}", of(dice), of(dice)),
        1 => format!("{{{{json steps.{}}}}}", of(dice)),
        2 => "{{json steps}}".to_owned(),
        3 => format!("{{{{json (lookup steps '{}')}}}}", of(dice)),
        _ if item => "{{item}}".to_owned(),
        _ => "plain".to_owned(),
    }
}
