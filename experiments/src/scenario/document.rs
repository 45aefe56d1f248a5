//! A scenario file as a tree in which every value knows where it was written, in the file or in a `--set`.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use serde_json::Value as Json;
use toml_edit::{Item, Key, TableLike, Value};

use super::problem::{Place, Problem, SET, Source};

/// Longer texts are cut when a message says what was found.
const FOUND_CHARS_MAX: usize = 60;

/// Most names in the path of a `--set`; no field lies nearly as deep.
const SET_DEPTH_MAX: usize = 16;

/// A value of the document.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// The name before the value; the value itself where there is none.
    pub(crate) key: Place,
    /// The value; the header of a table.
    pub(crate) value: Place,
    pub(crate) content: Content,
}

#[derive(Debug, Clone)]
pub(crate) enum Content {
    Table(BTreeMap<String, Node>),
    List(Vec<Node>),
    Scalar(Json),
}

#[derive(Debug, Clone)]
pub(crate) struct Document {
    root: Node,
}

impl Document {
    /// # Errors
    /// What is not TOML in it.
    pub(crate) fn parse(name: &str, text: &str) -> Result<Self, Box<Problem>> {
        let source = Arc::new(Source { name: name.to_owned(), text: text.to_owned() });
        let start = Place { source: Arc::clone(&source), span: 0..0 };
        match toml_edit::Document::parse(text) {
            Ok(document) => {
                let content = table(document.as_table(), &start);
                Ok(Self { root: Node { key: start.clone(), value: start, content } })
            }
            Err(error) => {
                let place = Place { source, span: error.span().unwrap_or(0..0) };
                let why = error.message().trim().replace('\n', ", ");
                Err(Box::new(Problem::new(&place, "", format!("text that is not TOML ({why})"), "TOML")))
            }
        }
    }

    /// Carries out `path=value`, making tables on the way.
    ///
    /// # Errors
    /// When it has no such form, or leads through a value that is not a table.
    pub(crate) fn set(&mut self, argument: &str) -> Result<(), Box<Problem>> {
        let source = Arc::new(Source { name: SET.to_owned(), text: argument.to_owned() });
        let place = |span: Range<usize>| Place { source: Arc::clone(&source), span };
        let whole = 0..argument.len();
        let form = "path=value, such as battery.capacity_kwh=75";
        let problem = |span, found: String| Box::new(Problem::new(&place(span), "", found, form));
        let Some((path_text, value_text)) = argument.split_once('=') else {
            return Err(problem(whole, format!("`{argument}`")));
        };
        let Some(names) = path_names(path_text) else {
            return Err(problem(0..path_text.len(), format!("the path `{path_text}`")));
        };
        let value_place = place(path_text.len() + 1..whole.end);
        let Some(value) = value_or_word(value_text.trim()) else {
            return Err(problem(value_place.span, format!("the value `{value_text}`")));
        };
        let new = Node { key: place(0..path_text.len()), ..of_value(&value, &value_place) };
        let mut target = &mut self.root;
        for (depth, name) in names.iter().enumerate() {
            target = target.child_to_set(name, &new.key).ok_or_else(|| {
                let found = format!("`{}`, which has no `{name}`", names[..depth].join("."));
                let allowed = "a path through tables and indices of lists";
                Box::new(Problem::new(&new.key, names.join("."), found, allowed))
            })?;
        }
        *target = new;
        Ok(())
    }

    /// Puts a number in place of the value at a path, where it was written.
    ///
    /// # Panics
    /// When there is nothing at the path.
    pub(crate) fn put(&mut self, path: &[String], number: f64) {
        let mut node = &mut self.root;
        for name in path {
            let child = match &mut node.content {
                Content::Table(children) => children.get_mut(name),
                Content::List(items) => name.parse::<usize>().ok().and_then(|index| items.get_mut(index)),
                Content::Scalar(_) => None,
            };
            node = child.expect("invariant: the path was looked up before");
        }
        node.content = Content::Scalar(number.into());
    }

    /// The value at a path; list indices count from 0.
    pub(crate) fn get<S: AsRef<str>>(&self, path: &[S]) -> Option<&Node> {
        path.iter().try_fold(&self.root, |node, name| node.child(name.as_ref()))
    }

    /// Where a problem with the value at `path` is shown: there, or at the nearest table around where it is missing.
    pub(crate) fn place<S: AsRef<str>>(&self, path: &[S]) -> &Place {
        (0..=path.len())
            .rev()
            .find_map(|depth| self.get(&path[..depth]))
            .map_or(&self.root.value, |node| &node.value)
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }
}

impl Node {
    pub(crate) fn child(&self, name: &str) -> Option<&Self> {
        match &self.content {
            Content::Table(children) => children.get(name),
            Content::List(items) => items.get(name.parse::<usize>().ok()?),
            Content::Scalar(_) => None,
        }
    }

    fn child_to_set(&mut self, name: &str, place: &Place) -> Option<&mut Self> {
        match &mut self.content {
            Content::Table(children) => Some(children.entry(name.to_owned()).or_insert_with(|| Self {
                key: place.clone(),
                value: place.clone(),
                content: Content::Table(BTreeMap::new()),
            })),
            Content::List(items) => items.get_mut(name.parse::<usize>().ok()?),
            Content::Scalar(_) => None,
        }
    }

    pub(crate) fn json(&self) -> Json {
        match &self.content {
            Content::Table(children) => {
                children.iter().map(|(name, node)| (name.clone(), node.json())).collect()
            }
            Content::List(items) => items.iter().map(Self::json).collect(),
            Content::Scalar(json) => json.clone(),
        }
    }

    /// The value in the words of the one who wrote it.
    pub(crate) fn found(&self) -> String {
        let text = self.value.source.text.get(self.value.span.clone()).unwrap_or_default().trim();
        match &self.content {
            Content::Table(_) => "a table".to_owned(),
            Content::List(items) if text.chars().count() > FOUND_CHARS_MAX || text.contains('\n') => {
                format!("a list of {}", items.len())
            }
            Content::List(_) if !text.starts_with('[') => "a list of tables".to_owned(),
            _ if text.chars().count() <= FOUND_CHARS_MAX => text.to_owned(),
            _ => text.chars().take(FOUND_CHARS_MAX).chain("...".chars()).collect(),
        }
    }
}

/// The names of a dotted path as `--set` takes it; `None` if it has no such form.
pub(crate) fn path_names(text: &str) -> Option<Vec<String>> {
    let keys = Key::parse(text.trim()).ok()?;
    let is_path = !text.contains('=') && (1..=SET_DEPTH_MAX).contains(&keys.len());
    is_path.then(|| keys.iter().map(|key| key.get().to_owned()).collect())
}

/// TOML, or else a bare word, which counts as a string.
fn value_or_word(text: &str) -> Option<Value> {
    let bare = !text.is_empty() && !text.starts_with(['"', '\'', '[', '{']);
    text.parse().ok().or_else(|| bare.then(|| Value::from(text)))
}

fn table(table: &dyn TableLike, around: &Place) -> Content {
    let at = |span: Range<usize>| Place { source: Arc::clone(&around.source), span };
    let children = table.iter().filter_map(|(name, _)| table.get_key_value(name)).map(|(key, item)| {
        let key_place = key.span().map_or_else(|| around.clone(), at);
        let node = of_item(item, &key_place);
        (key.get().to_owned(), Node { key: key_place, ..node })
    });
    Content::Table(children.collect())
}

/// `around` stands in where the parser kept no place.
fn of_item(item: &Item, around: &Place) -> Node {
    let place =
        item.span().map_or_else(|| around.clone(), |span| Place { source: Arc::clone(&around.source), span });
    match item {
        Item::None => node(place, Content::Table(BTreeMap::new())),
        Item::Value(value) => of_value(value, around),
        Item::Table(inner) => node(place.clone(), table(inner, &place)),
        Item::ArrayOfTables(tables) => {
            let items = tables.iter().map(|inner| {
                let span = inner.span().unwrap_or_else(|| around.span.clone());
                let place = Place { source: Arc::clone(&around.source), span };
                node(place.clone(), table(inner, &place))
            });
            node(place, Content::List(items.collect()))
        }
    }
}

fn of_value(value: &Value, around: &Place) -> Node {
    let place = value
        .span()
        .map_or_else(|| around.clone(), |span| Place { source: Arc::clone(&around.source), span });
    let content = match value {
        Value::String(text) => Content::Scalar(text.value().as_str().into()),
        Value::Integer(number) => Content::Scalar((*number.value()).into()),
        // JSON knows neither infinity nor NaN; null is refused by every field.
        Value::Float(number) => Content::Scalar((*number.value()).into()),
        Value::Boolean(truth) => Content::Scalar((*truth.value()).into()),
        Value::Datetime(time) => Content::Scalar(time.value().to_string().into()),
        Value::Array(items) => Content::List(items.iter().map(|item| of_value(item, &place)).collect()),
        Value::InlineTable(inner) => table(inner, &place),
    };
    node(place, content)
}

fn node(place: Place, content: Content) -> Node {
    Node { key: place.clone(), value: place, content }
}
