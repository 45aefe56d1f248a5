//! Puts parts of the schema into words.

use serde_json::Value as Json;

use super::schema::IN_WORDS;

/// Names further from every known one than this get no suggestion.
const EDITS_MAX: usize = 3;

/// The part of the schema that describes the value at a path.
pub(super) fn at_path<'a>(schema: &'a Json, path: &[String]) -> Option<&'a Json> {
    path.iter().try_fold(schema, |part, name| {
        let part = resolved(schema, part);
        let named = part.get("properties").and_then(|fields| fields.get(name));
        named
            .or_else(|| part.get("additionalProperties").filter(|rest| rest.is_object()))
            .or_else(|| part.get("items"))
    })
}

/// Follows references to definitions.
fn resolved<'a>(schema: &'a Json, part: &'a Json) -> &'a Json {
    let target = part.get("$ref").and_then(Json::as_str).and_then(|name| name.strip_prefix('#'));
    target.and_then(|pointer| schema.pointer(pointer)).unwrap_or(part)
}

/// The fields that a table may have.
pub(super) fn field_names(schema: &Json, table: &Json) -> Vec<String> {
    let fields = resolved(schema, table).get("properties").and_then(Json::as_object);
    fields.map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
}

/// What a part of the schema accepts: "a number above 0, at most 1".
pub(super) fn allowed(schema: &Json, part: &Json) -> String {
    let part = resolved(schema, part);
    if let Some(words) = part.get(IN_WORDS).and_then(Json::as_str) {
        return words.to_owned();
    }
    if let Some(options) = options(part) {
        return format!("one of {}", options.join(", "));
    }
    match part.get("type").and_then(Json::as_str) {
        Some("integer") => format!("a whole number{}", range(part)),
        Some("number") => format!("a number{}", range(part)),
        Some("array") => list(schema, part),
        Some("object") if part.get("minProperties").is_some() => "a table with at least one entry".to_owned(),
        Some("object") => {
            let required = part.get("required").and_then(Json::as_array).into_iter().flatten();
            let names: Vec<&str> = required.filter_map(Json::as_str).collect();
            if names.is_empty() {
                format!("a table of {}", field_names(schema, part).join(", "))
            } else {
                format!("a table with {}", names.join(", "))
            }
        }
        Some("string") if part.get("minLength").is_some() => "text in quotes, not empty".to_owned(),
        Some("string") => "text in quotes".to_owned(),
        _ => "another kind of value".to_owned(),
    }
}

/// The texts that a choice is made of.
fn options(part: &Json) -> Option<Vec<String>> {
    let listed =
        part.get("enum").and_then(Json::as_array).map(|texts| texts.iter().map(Json::to_string).collect());
    let described = part.get("oneOf").and_then(Json::as_array).map(|options| {
        let texts = options.iter().flat_map(|option| match (option.get("const"), option.get("enum")) {
            (Some(text), _) => vec![text.to_string()],
            (None, Some(Json::Array(texts))) => texts.iter().map(Json::to_string).collect(),
            _ => Vec::new(),
        });
        texts.collect()
    });
    listed.or(described)
}

fn range(part: &Json) -> String {
    let bound = |name: &str| part.get(name).map(plain);
    let from = bound("minimum").map(|least| format!(" from {least}"));
    let lower = from.or_else(|| bound("exclusiveMinimum").map(|limit| format!(" above {limit}")));
    let (upper_word, below_word) =
        if bound("minimum").is_some() { (" to ", " up to below ") } else { (" up to ", " below ") };
    let to = bound("maximum").map(|most| format!("{upper_word}{most}"));
    let upper = to.or_else(|| bound("exclusiveMaximum").map(|limit| format!("{below_word}{limit}")));
    lower.unwrap_or_default() + &upper.unwrap_or_default()
}

/// A bound without the fraction that JSON gives whole numbers.
fn plain(bound: &Json) -> String {
    bound.as_f64().map_or_else(|| bound.to_string(), |number| number.to_string())
}

fn list(schema: &Json, part: &Json) -> String {
    let count = |name: &str| part.get(name).and_then(Json::as_u64);
    let of = part.get("items").map(|items| allowed(schema, items)).unwrap_or_default();
    let of = of.strip_prefix("a ").map_or(of.clone(), |singular| match singular.split_once(' ') {
        Some(("whole", rest)) => format!("whole numbers{}", rest.strip_prefix("number").unwrap_or_default()),
        Some((noun, rest)) => format!("{noun}s {rest}"),
        None => format!("{singular}s"),
    });
    let how_many = match (count("minItems"), count("maxItems")) {
        (Some(least), Some(most)) if least == most => format!("a list of {least} "),
        (Some(least), Some(most)) => format!("a list of {least} to {most} "),
        (Some(_), None) => "a list, not empty, of ".to_owned(),
        _ => "a list of ".to_owned(),
    };
    let once = part.get("uniqueItems").map_or("", |_| ", none twice");
    format!("{how_many}{of}{once}")
}

/// The known name that is nearest to a mistyped one, if it is near at all.
pub(super) fn nearest<'a>(name: &str, known: &'a [String]) -> Option<&'a str> {
    let (edits, near) = known.iter().map(|known| (edits(name, known), known)).min()?;
    (edits <= EDITS_MAX && edits < near.len()).then_some(near)
}

/// Levenshtein distance: fewest letters to insert, delete or replace.
fn edits(from: &str, to: &str) -> usize {
    let to: Vec<char> = to.chars().collect();
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (above, letter) in from.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = above + 1;
        for (index, other) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *other);
            diagonal = row[index + 1];
            row[index + 1] = replaced.min(row[index] + 1).min(diagonal + 1);
        }
    }
    row[to.len()]
}
