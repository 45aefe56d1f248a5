//! The JSON Schema of scenario files, for editors and for the check of a file's structure.

use schemars::generate::SchemaSettings;
use schemars::transform::{Transform, transform_subschemas};
use schemars::{JsonSchema, Schema};
use serde_json::{Map, Value as Json};

use super::Scenario;

/// The keyword under which a pattern is put into words.
pub(crate) const IN_WORDS: &str = "x-in-words";

/// The JSON Schema (draft 2020-12) of scenario files, as in `scenarios/scenario.schema.json`.
pub fn schema_json() -> String {
    let mut text = serde_json::to_string_pretty(&schema()).expect("invariant: a schema is JSON");
    text.push('\n');
    text
}

pub(super) fn schema() -> Json {
    schema_of::<Scenario>()
}

/// The JSON Schema of a kind of file.
pub(crate) fn schema_of<T: JsonSchema>() -> Json {
    let settings = SchemaSettings::draft2020_12().with_transform(NoNull);
    settings.into_generator().into_root_schema_for::<T>().to_value()
}

/// TOML has no null: an optional field is left out, never null.
#[derive(Debug, Clone)]
struct NoNull;

impl Transform for NoNull {
    fn transform(&mut self, schema: &mut Schema) {
        if let Some(object) = schema.as_object_mut() {
            drop_null_type(object);
            collapse_any_of(object);
            if object.get("default").is_some_and(Json::is_null) {
                object.remove("default");
            }
        }
        transform_subschemas(self, schema);
    }
}

fn drop_null_type(object: &mut Map<String, Json>) {
    if let Some(Json::Array(types)) = object.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            object.insert("type".to_owned(), only);
        }
    }
}

fn collapse_any_of(object: &mut Map<String, Json>) {
    let Some(Json::Array(options)) = object.get_mut("anyOf") else { return };
    options.retain(|option| option.get("type").is_none_or(|name| name != "null"));
    if let [Json::Object(only)] = options.as_mut_slice() {
        let mut only = std::mem::take(only);
        object.remove("anyOf");
        object.append(&mut only);
    }
}
