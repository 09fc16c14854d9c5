//! Routes with what they ask for. A route cannot be added without saying who may take it.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Router,
    handler::Handler,
    http::Method,
    routing::{MethodFilter, on},
};

use super::face::Face;
use crate::access::Action;

/// Who may take a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    /// Whose roles allow the action.
    Needs(Action),
    /// Everybody who reaches the host, and why.
    Open(&'static str),
}

impl From<Action> for Rule {
    fn from(action: Action) -> Self {
        Self::Needs(action)
    }
}

/// The rules by path and method.
#[derive(Clone, Debug, Default)]
pub(super) struct Rules(HashMap<&'static str, Vec<(Method, Rule)>>);

impl Rules {
    /// The rule of a route. `HEAD` is `GET` without a body, where it has no rule of its own.
    pub(super) fn of(&self, path: &str, method: &Method) -> Option<Rule> {
        let all = self.0.get(path)?;
        let find = |method: &Method| all.iter().find(|(known, _)| known == method).map(|(_, rule)| *rule);
        find(method).or_else(|| find(&Method::GET).filter(|_| method == Method::HEAD))
    }

    /// Every path with its methods and rules.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&'static str, Method, Rule)> {
        self.0.iter().flat_map(|(path, all)| all.iter().map(|(method, rule)| (*path, method.clone(), *rule)))
    }
}

/// Routes with their rules.
#[derive(Default)]
pub(super) struct Routes {
    router: Router<Face>,
    rules: Rules,
}

macro_rules! methods {
    ($($name:ident $method:ident;)+) => {
        $(
            #[doc = concat!("Answers `", stringify!($method), "` of `path` for whom `rule` lets in.")]
            pub(super) fn $name<H: Handler<T, Face>, T: 'static>(
                self,
                path: &'static str,
                rule: impl Into<Rule>,
                handler: H,
            ) -> Self {
                self.add((MethodFilter::$method, Method::$method), path, rule.into(), handler)
            }
        )+
    };
}

impl Routes {
    methods! {
        get GET;
        head HEAD;
        put PUT;
        post POST;
        patch PATCH;
        delete DELETE;
    }

    fn add<H: Handler<T, Face>, T: 'static>(
        mut self,
        (filter, method): (MethodFilter, Method),
        path: &'static str,
        rule: Rule,
        handler: H,
    ) -> Self {
        self.rules.0.entry(path).or_default().push((method, rule));
        Self { router: self.router.route(path, on(filter, handler)), rules: self.rules }
    }

    /// The router and the rules.
    pub(super) fn parts(self) -> (Router<Face>, Arc<Rules>) {
        (self.router, Arc::new(self.rules))
    }
}
