//! A definition is a function of what has ended for good: whatever happens beside it, another engine life that knows only
//! the journal renders it to the same bytes. A text that could see anything else is refused.

#[path = "render/life.rs"]
mod life;
#[path = "render/text.rs"]
mod text;

use life::{Life, compiled};
use text::{Dice, workflow};

/// So many workflows; many of them are refused.
const WORKFLOWS: u64 = 600;

#[test]
fn a_definition_is_rendered_to_the_same_bytes_in_any_later_life() {
    let (mut refused, mut compared, mut late) = (0, 0, 0);
    for seed in 1..=WORKFLOWS {
        let mut dice = Dice::new(seed);
        let text = workflow(&mut dice);
        let program = match compiled(&text) {
            Ok(program) => program,
            Err(said) => {
                let told = ["may not have ended", "starts after", "which has not ended", "has not ended while"];
                assert!(told.iter().any(|words| said.contains(words)), "seed {seed}: {said}\n{text}");
                refused += 1;
                continue;
            }
        };
        let mut life = Life::begin(program);
        while let Some(input) = life.next(&mut dice) {
            life.feed(input);
            for (path, attempt) in life.in_flight() {
                let (before, again) = (life.first(&path, attempt), life.render_in_another(&path, attempt));
                late += usize::from(life.has_moved_since(&path, attempt));
                assert_eq!(before, again, "seed {seed}: `{path}` of\n{text}");
                compared += 1;
            }
        }
        assert!(life.is_over(), "seed {seed}: stuck\n{text}");
    }
    println!("{refused} refused, {compared} rendered again, {late} after something else had happened");
    assert!(refused > 50 && compared > 500 && late > 200, "{refused} {compared} {late}");
}
