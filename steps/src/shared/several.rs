//! Steps that are several processes. The step is this binary again, as a process of the keeper's, and starts what it needs
//! within its own process group: so it outlives the engine, another life takes it up, and who stops it stops all of it.

use runner_sdk::{Captured, Command, Context, Error, Exit, Finished, Result};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::ending;

/// How the work ended: its last words on standard output.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum End<T> {
    Output(T),
    Failed(Error),
}

/// The process of the step type `name`.
pub fn command(name: &'static str) -> Command {
    Command::builtin(name).capture()
}

/// Does the work in that process and tells how it ended.
pub async fn serve<T: Serialize>(context: &Context, work: impl Future<Output = Result<T>>) -> Result<()> {
    let end = match work.await {
        Ok(output) => End::Output(output),
        Err(error) => End::Failed(error),
    };
    let end =
        serde_json::to_value(end).map_err(|e| Error::permanent(format!("the step's end does not encode: {e}")))?;
    context.announce(&end);
    Ok(())
}

/// What the ended process means; `who` in messages.
pub fn finish<T: DeserializeOwned>(who: &str, exit: Exit, captured: &Captured) -> Result<Finished<T>> {
    match serde_json::from_slice(&captured.stdout) {
        Ok(End::Output(output)) if exit.success() => Ok(Finished::new(output)),
        Ok(End::Failed(error)) => Err(error),
        _ => Err(ending::failed(who, exit, &captured.tail)),
    }
}

/// Lines of a text as the log of a step.
pub fn tell(context: &Context, text: &str) {
    text.lines().filter(|line| !line.trim().is_empty()).for_each(|line| context.log(line));
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{World, captured};

    #[tokio::test]
    async fn an_end_goes_through_the_process_with_its_class() {
        for end in [Ok(7), Err(Error::permanent("no").hint("go away").exit_code(Some(3)))] {
            let world = World::new();
            serve(&world.context(), async { end.clone() }).await.unwrap();
            let said = captured(&world.log.data(), "");
            let found: Result<Finished<i32>> = finish("it", Exit::Code(0), &said);
            assert_eq!(found.map(|finished| finished.output), end);
        }
    }

    #[test]
    fn who_was_killed_has_said_nothing() {
        let error = finish::<i32>("`helm`", Exit::Signal(9), &captured("", "on the way\n")).unwrap_err();
        assert_eq!(error.message, "`helm` was ended by SIGKILL: on the way");
    }
}
