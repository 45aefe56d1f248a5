//! Holds a document against the JSON Schema and says in plain words what does not fit.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use jsonschema::error::ValidationErrorKind as Kind;
use jsonschema::paths::LocationSegment;
use jsonschema::{Draft, ValidationError, Validator};
use serde_json::Value as Json;

use super::document::{Content, Document, Node};
use super::problem::Problem;
use super::schema::schema;
use super::words::{allowed, at_path, field_names, nearest};

/// The schema of a kind of file, and what holds documents against it.
pub(crate) struct Form {
    schema: Json,
    validator: Validator,
}

static SCENARIO: LazyLock<Form> = LazyLock::new(|| Form::new(schema()));

/// Everything about the form of a scenario that the schema refuses.
pub(super) fn check(document: &Document) -> Vec<Problem> {
    SCENARIO.check(document)
}

impl Form {
    /// The form that a generated schema describes.
    pub(crate) fn new(schema: Json) -> Self {
        let options = jsonschema::options().with_draft(Draft::Draft202012);
        let validator = options.build(&schema).expect("invariant: the generated schema is a valid one");
        Self { schema, validator }
    }

    /// Everything about the document's form that the schema refuses.
    pub(crate) fn check(&self, document: &Document) -> Vec<Problem> {
        let schema = &self.schema;
        let instance = document.root().json();
        let mut problems: Vec<Problem> = self
            .validator
            .iter_errors(&instance)
            .flat_map(|error| problems_of(&error, document, schema))
            .collect();
        // A value of the wrong type is outside a range too.
        let mut told = BTreeSet::new();
        problems.retain(|problem| told.insert(problem.to_string()));
        // A field that is missing because its name is mistyped is one fault, not two.
        let mistyped: Vec<String> = problems.iter().filter_map(|problem| problem.meant.clone()).collect();
        problems.retain(|problem| problem.meant.is_some() || !mistyped.contains(&problem.field));
        fractions(document.root(), &mut Vec::new(), schema, &mut problems);
        problems
    }
}

fn problems_of(error: &ValidationError<'_>, document: &Document, schema: &Json) -> Vec<Problem> {
    let path: Vec<String> = error
        .instance_path()
        .segments()
        .map(|segment| match segment {
            LocationSegment::Property(name) => name.to_string(),
            LocationSegment::Index(index) => index.to_string(),
        })
        .collect();
    match error.kind() {
        Kind::AdditionalProperties { unexpected } => {
            unexpected.iter().map(|name| unknown_field(document, &path, name, schema)).collect()
        }
        Kind::Required { property } => {
            let mut missing = path.clone();
            missing.push(property.as_str().unwrap_or_default().to_owned());
            let words = at_path(schema, &missing).map(|field| allowed(schema, field)).unwrap_or_default();
            vec![Problem::new(document.place(&path), missing.join("."), "nothing", words)]
        }
        Kind::PropertyNames { error } => {
            let name = error.instance().as_str().unwrap_or_default().to_owned();
            let words = at_path(schema, &path)
                .and_then(|table| table.get("propertyNames"))
                .map(|names| allowed(schema, names))
                .unwrap_or_default();
            let mut named = path.clone();
            named.push(name.clone());
            let place = document.get(&named).map_or_else(|| document.place(&path), |node| &node.key);
            vec![Problem::new(place, named.join("."), format!("the name `{name}`"), words)]
        }
        kind => {
            let words = at_path(schema, &path).map(|field| allowed(schema, field));
            let mut found = document.get(&path).map_or_else(|| "nothing".to_owned(), Node::found);
            if matches!(kind, Kind::UniqueItems) {
                found.push_str(", which repeats itself");
            }
            let words = words.unwrap_or_else(|| error.to_string());
            vec![Problem::new(document.place(&path), path.join("."), found, words)]
        }
    }
}

fn unknown_field(document: &Document, path: &[String], name: &str, schema: &Json) -> Problem {
    let names = at_path(schema, path).map(|table| field_names(schema, table)).unwrap_or_default();
    let mut unknown = path.to_vec();
    unknown.push(name.to_owned());
    let place = document.get(&unknown).map_or_else(|| document.place(path), |node| &node.key);
    let mut problem =
        Problem::new(place, unknown.join("."), format!("the unknown field `{name}`"), names.join(", "));
    if let Some(near) = nearest(name, &names) {
        problem.meant = Some([path, &[near.to_owned()]].concat().join("."));
    }
    problem
}

/// JSON Schema counts 7.0 as an integer, the fields do not.
fn fractions(node: &Node, path: &mut Vec<String>, schema: &Json, problems: &mut Vec<Problem>) {
    let mut inside = |name: String, child: &Node| {
        path.push(name);
        fractions(child, path, schema, problems);
        path.pop();
    };
    match &node.content {
        Content::Table(children) => {
            children.iter().for_each(|(name, child)| inside(name.clone(), child));
        }
        Content::List(items) => {
            items.iter().enumerate().for_each(|(index, child)| inside(index.to_string(), child));
        }
        Content::Scalar(Json::Number(number)) if number.is_f64() => {
            let whole = number.as_f64().is_some_and(|number| number.fract() == 0.0);
            let field = at_path(schema, path).filter(|_| whole);
            if let Some(field) = field.filter(|field| field.get("type").is_some_and(|name| name == "integer"))
            {
                problems.push(Problem::new(
                    &node.value,
                    path.join("."),
                    node.found(),
                    allowed(schema, field),
                ));
            }
        }
        Content::Scalar(_) => {}
    }
}
