//! The thread that draws.

use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

use runner_core::NodeId;
use runner_engine::driver::LogRange;
use runner_engine::report::Pace;

use super::screen::Screen;
use super::{Scene, Shared, Stage};
use crate::drive;
use crate::report::draw::{Board, Line, Noise, Pen, fit, head};
use crate::report::tail::Tails;
use crate::report::{Told, earlier, glyphs};

/// Between two pictures.
const EVERY: Duration = Duration::from_millis(80);

/// Between two estimates of the time left, in pictures.
const ESTIMATE: usize = 6;

/// How many lines the tree of a run that has ended may take.
const LAST: usize = 120;

/// Draws until the run has ended.
pub(super) fn paint(shared: &Mutex<Shared>, wake: &Condvar, scene: &Scene) {
    let mut painter = Painter::new(scene);
    loop {
        let mut held = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if matches!(held.stage, Stage::Drawing | Stage::Replaying) {
            held = wake.wait_timeout(held, EVERY).unwrap_or_else(PoisonError::into_inner).0;
        }
        let notices = std::mem::take(&mut held.notices);
        match held.stage {
            Stage::Replaying => {}
            Stage::Drawing => {
                let (board, speakers) = painter.plan(&held);
                drop(held);
                let said = painter.listen(&speakers);
                let held = shared.lock().unwrap_or_else(PoisonError::into_inner);
                let picture = painter.draw(&held, &board, &said);
                drop(held);
                painter.show(&notices, &picture);
            }
            Stage::Ended => {
                let lines = painter.ending(&held);
                drop(held);
                painter.finish(&notices, &lines);
                return;
            }
            Stage::Gone => {
                drop(held);
                painter.finish(&notices, &[]);
                return;
            }
        }
    }
}

struct Painter<'a> {
    scene: &'a Scene,
    screen: Screen<std::io::Stderr>,
    pen: Pen,
    tails: Tails,
    pace: Option<Pace>,
    left: Option<u64>,
    /// How many questions were asked on the terminal so far: each leaves the picture above it.
    questions: usize,
}

impl<'a> Painter<'a> {
    fn new(scene: &'a Scene) -> Self {
        let pace = earlier::pace(&scene.folder, &scene.workflow);
        let pen = Pen { glyphs: glyphs(), width: 80, now: 0, frame: 0, column: 0 };
        Self {
            scene,
            screen: Screen::new(std::io::stderr(), true),
            pen,
            tails: Tails::default(),
            pace,
            left: None,
            questions: 0,
        }
    }

    /// Looks at the clock and at the terminal's size; the lines there are.
    fn look(&mut self) -> usize {
        let (lines, columns) = console::Term::stderr().size_checked().unwrap_or((24, 80));
        // The last column stays free: some terminals wrap when it is written.
        self.pen.width = usize::from(columns).saturating_sub(1).max(1);
        self.pen.now = drive::now();
        usize::from(lines).saturating_sub(1).max(1)
    }

    /// What is to be shown, and where what is heard of it lies.
    fn plan(&mut self, shared: &Shared) -> (Board, Vec<(NodeId, LogRange)>) {
        let height = self.look();
        self.pen.frame += 1;
        if self.pen.frame % ESTIMATE == 1 {
            self.left = self.pace.as_ref().and_then(|pace| pace.left(&shared.view, self.pen.now));
            self.tails.tidy();
        }
        let board = Board::of(&shared.view, height);
        let lane = |id: NodeId| Some((id, shared.lanes.get(shared.view.path(id))?.1.clone()));
        let speakers = board.speakers(&shared.view).into_iter().filter_map(|(id, _)| lane(id)).collect();
        (board, speakers)
    }

    fn listen(&mut self, speakers: &[(NodeId, LogRange)]) -> Vec<(NodeId, Noise)> {
        speakers.iter().map(|(id, log)| (*id, self.tails.of(&self.scene.folder, log))).collect()
    }

    fn draw(&mut self, shared: &Shared, board: &Board, said: &[(NodeId, Noise)]) -> Vec<Line> {
        let noise = |id| said.iter().find(|(of, _)| *of == id).map_or_else(Noise::default, |(_, noise)| noise.clone());
        board.draw(&shared.view, &mut self.pen, self.left, &noise)
    }

    fn ending(&mut self, shared: &Shared) -> Vec<Line> {
        self.look();
        let view = &shared.view;
        // As `runner show` of it will say.
        self.pen.now = view.last();
        let shown = fit(view, LAST);
        self.pen.column = 0;
        self.pen.widen(view, &shown);
        let tree = shown.iter().map(|shown| self.pen.line(view, *shown, None));
        let mut lines: Vec<_> = tree.collect();
        lines.push(head(view, &self.pen, None));
        let told = Told { view, id: &self.scene.id, folder: &self.scene.folder, pen: &self.pen };
        lines.extend(told.lines());
        lines
    }

    fn show(&mut self, notices: &[String], lines: &[Line]) {
        crate::person::draw(|questions| {
            self.heed(questions);
            self.screen.show(notices, lines, self.pen.width + 1);
        });
    }

    fn heed(&mut self, questions: usize) {
        if std::mem::replace(&mut self.questions, questions) != questions {
            self.screen.forget();
        }
    }

    fn finish(&mut self, notices: &[String], lines: &[Line]) {
        let painted = lines.iter().map(|line| line.paint(true));
        let text: Vec<_> = notices.iter().cloned().chain(painted).collect();
        crate::person::draw(|questions| self.heed(questions));
        self.screen.end(&text, self.pen.width + 1);
    }
}
