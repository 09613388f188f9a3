//! Operators on types.

use cel::common::ast::{IdedExpr, operators};

use super::check::Checker;
use super::tree::{own_place, start_of};
use crate::expression::Type;

impl<'c> Checker<'c> {
    /// The type of an operator's result; `None` for what is no operator.
    pub(super) fn operator(&mut self, name: &str, arguments: &'c [IdedExpr], tree: &IdedExpr) -> Option<Type> {
        let sign = own_place(tree, self.info);
        Some(match (name, arguments) {
            (operators::LOGICAL_AND, [a, b]) => self.condition("&&", &[a, b]),
            (operators::LOGICAL_OR, [a, b]) => self.condition("||", &[a, b]),
            (operators::LOGICAL_NOT, [a]) => self.condition("!", &[a]),
            (operators::NOT_STRICTLY_FALSE, _) => Type::Bool,
            (operators::CONDITIONAL, [test, a, b]) => {
                self.condition("?", &[test]);
                let (a, b) = (self.infer(a), self.infer(b));
                a.join(&b)
            }
            (operators::NEGATE, [a]) => {
                let of = self.infer(a);
                if !(of.is_number() || matches!(of, Type::Dyn | Type::Null)) {
                    self.report(start_of(a, self.info), format!("`-` needs a number, this is {of}"), None);
                    return Some(Type::Dyn);
                }
                of
            }
            (operators::EQUALS, [a, b]) => self.equality("==", a, b, sign),
            (operators::NOT_EQUALS, [a, b]) => self.equality("!=", a, b, sign),
            (operators::LESS, [a, b]) => self.order("<", a, b, sign),
            (operators::LESS_EQUALS, [a, b]) => self.order("<=", a, b, sign),
            (operators::GREATER, [a, b]) => self.order(">", a, b, sign),
            (operators::GREATER_EQUALS, [a, b]) => self.order(">=", a, b, sign),
            (operators::IN, [item, all]) => self.within(item, all),
            (operators::ADD, [a, b]) => self.arithmetic("+", a, b, sign),
            (operators::SUBSTRACT, [a, b]) => self.arithmetic("-", a, b, sign),
            (operators::MULTIPLY, [a, b]) => self.arithmetic("*", a, b, sign),
            (operators::DIVIDE, [a, b]) => self.arithmetic("/", a, b, sign),
            (operators::MODULO, [a, b]) => self.arithmetic("%", a, b, sign),
            (operators::INDEX, [of, index]) => self.index(of, index),
            (operators::OPT_INDEX | operators::OPT_SELECT, [of, index]) => {
                self.infer(of);
                self.infer(index);
                Type::Dyn
            }
            _ => return None,
        })
    }

    fn condition(&mut self, sign: &str, arguments: &[&'c IdedExpr]) -> Type {
        for argument in arguments {
            let of = self.infer(argument);
            if of != Type::Null && !of.may_be(&Type::Bool) {
                let (_, hint) = super::Need::Condition.refuse(&of).unwrap_or_default();
                self.report(start_of(argument, self.info), format!("`{sign}` needs a condition, this is {of}"), hint);
            }
        }
        Type::Bool
    }

    fn equality(&mut self, sign: &str, a: &'c IdedExpr, b: &'c IdedExpr, at: usize) -> Type {
        let (left, right) = (self.infer(a), self.infer(b));
        let comparable =
            left.may_be(&right) || (left.is_number() && right.is_number()) || left == Type::Null || right == Type::Null;
        if !comparable {
            let answer = if sign == "==" { "never equal" } else { "always different" };
            let message = format!("{left} and {right} are {answer}");
            self.report(at, message, convertible(&left, &right));
        }
        Type::Bool
    }

    fn order(&mut self, sign: &str, a: &'c IdedExpr, b: &'c IdedExpr, at: usize) -> Type {
        let (left, right) = (self.infer(a), self.infer(b));
        let ordered = |of: &Type| !matches!(of, Type::List(_) | Type::Map(_) | Type::Object { .. } | Type::Null);
        let fits = (left.is_number() && right.is_number()) || left.may_be(&right);
        if !fits || !ordered(&left) || !ordered(&right) {
            let hint = convertible(&left, &right).or_else(|| {
                (!ordered(&left) && !ordered(&right))
                    .then(|| "only numbers, strings and times have an order".to_owned())
            });
            self.report(at, format!("`{sign}` cannot compare {left} with {right}"), hint);
        }
        Type::Bool
    }

    fn within(&mut self, item: &'c IdedExpr, all: &'c IdedExpr) -> Type {
        let (of, whole) = (self.infer(item), self.infer(all));
        let at = start_of(item, self.info);
        match &whole {
            Type::Dyn | Type::Null => {}
            Type::List(element) => {
                let comparable = of.may_be(element) || (of.is_number() && element.is_number()) || of == Type::Null;
                if !comparable {
                    self.report(
                        at,
                        format!("{of} is never in a list whose items are each {element}"),
                        convertible(&of, element),
                    );
                }
            }
            Type::Map(_) | Type::Object { .. } => {
                if !of.may_be(&Type::String) {
                    self.report(at, format!("{of} is never a name in an object"), None);
                }
            }
            Type::String => {
                let hint = Some("`text.contains(part)` looks into a text".to_owned());
                self.report(
                    start_of(all, self.info),
                    "`in` needs a list or an object, this is a string".to_owned(),
                    hint,
                );
            }
            other => {
                self.report(start_of(all, self.info), format!("`in` needs a list or an object, this is {other}"), None);
            }
        }
        Type::Bool
    }

    fn arithmetic(&mut self, sign: &str, a: &'c IdedExpr, b: &'c IdedExpr, at: usize) -> Type {
        use Type::{Bytes, Double, Duration, Dyn, Int, List, Null, Number, String, Timestamp, Uint};
        let (left, right) = (self.infer(a), self.infer(b));
        match (sign, &left, &right) {
            ("+" | "-" | "*" | "/" | "%", Int, Int) => Int,
            ("+" | "-" | "*" | "/" | "%", Uint, Uint) => Uint,
            ("+" | "-" | "*" | "/", Double, Double) => Double,
            (_, Number, other) | (_, other, Number) if other.is_number() => Number,
            ("+", String, String) => String,
            ("+", Bytes, Bytes) => Bytes,
            ("+", List(left), List(right)) => Type::list(left.join(right)),
            ("+" | "-", Duration, Duration) | ("-", Timestamp, Timestamp) => Duration,
            ("+" | "-", Timestamp, Duration) | ("+", Duration, Timestamp) => Timestamp,
            // What is beside it may tell that the unknown cannot fit, but not what it is.
            (_, Dyn | Null, other) | (_, other, Dyn | Null) if takes(sign, other) => match (sign, other) {
                (_, Dyn | Null | Duration | Timestamp) => Dyn,
                (_, known) => known.clone(),
            },
            _ => {
                let message = format!("`{sign}` does not take {left} and {right}");
                self.report(at, message, convertible(&left, &right));
                Dyn
            }
        }
    }

    fn index(&mut self, of: &'c IdedExpr, index: &'c IdedExpr) -> Type {
        let whole = self.infer(of);
        let by = self.infer(index);
        let at = start_of(index, self.info);
        match &whole {
            Type::Dyn | Type::Null => Type::Dyn,
            Type::List(element) => {
                if !(by == Type::Dyn || by.is_number()) {
                    self.report(at, format!("a list is indexed by a whole number, this is {by}"), None);
                }
                (**element).clone()
            }
            Type::Map(_) | Type::Object { .. } => {
                if !by.may_be(&Type::String) {
                    self.report(at, format!("an object is indexed by a string, this is {by}"), None);
                    return Type::Dyn;
                }
                match super::tree::literal_index(index) {
                    Some(name) => self.member(of, &whole, &name, at),
                    None => match whole {
                        Type::Map(element) => *element,
                        _ => Type::Dyn,
                    },
                }
            }
            other => {
                let hint = (other == &Type::String).then(|| "`text.charAt(0)` gives a character".to_owned());
                self.report(at, format!("{other} has no index"), hint);
                Type::Dyn
            }
        }
    }
}

/// Whether an operator takes a type on one side at all.
fn takes(sign: &str, of: &Type) -> bool {
    match of {
        Type::Dyn | Type::Null => true,
        Type::String | Type::Bytes | Type::List(_) => sign == "+",
        Type::Duration | Type::Timestamp => matches!(sign, "+" | "-"),
        number => number.is_number(),
    }
}

/// How one of two types becomes the other.
fn convertible(a: &Type, b: &Type) -> Option<String> {
    let hint = match (a, b) {
        (Type::String, number) | (number, Type::String) if number.is_number() => {
            "`string(…)` makes text of a number, `int(…)` a number of text"
        }
        (Type::Int | Type::Uint, Type::Double) | (Type::Double, Type::Int | Type::Uint) => {
            "`double(…)` makes a number with a fraction of a whole one"
        }
        (Type::Int, Type::Uint) | (Type::Uint, Type::Int) => "`int(…)` makes it signed",
        (Type::String, Type::Bool) | (Type::Bool, Type::String) => {
            "booleans are written `true` and `false`, without quotes"
        }
        (Type::String, Type::Duration) | (Type::Duration, Type::String) => "`duration('…')` makes a duration of text",
        (Type::String, Type::Timestamp) | (Type::Timestamp, Type::String) => {
            "`timestamp('…')` makes a timestamp of text"
        }
        (Type::List(_), _) | (_, Type::List(_)) => "`size(…)` counts the items of a list, `x in list` looks for one",
        _ => return None,
    };
    Some(hint.to_owned())
}
