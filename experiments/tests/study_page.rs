//! The book's page of studies against the schema of study files: every field once, with its range and default.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on should stop")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

/// A field as the schema has it.
#[derive(Debug)]
struct Field {
    schema: Value,
    is_required: bool,
}

/// Every field of a table below `within`, those of its tables and lists of tables among them.
fn fields(schema: &Value, table: &Value, within: &str, found: &mut BTreeMap<String, Field>) {
    let required: Vec<&Value> = table["required"].as_array().into_iter().flatten().collect();
    for (name, field) in table["properties"].as_object().into_iter().flatten() {
        let path = format!("{within}{name}");
        let is_required = required.iter().any(|one| *one == name.as_str());
        found.insert(path.clone(), Field { schema: field.clone(), is_required });
        let items = field.get("items").unwrap_or(field);
        if let Some(reference) = items["$ref"].as_str() {
            let table = schema.pointer(reference.trim_start_matches('#')).unwrap();
            fields(schema, table, &format!("{path}."), found);
        }
    }
}

/// The rows of the page whose columns are those of fields: range, default and meaning by name.
fn rows(page: &str) -> BTreeMap<String, [String; 3]> {
    let mut rows = BTreeMap::new();
    let mut is_inside = false;
    for line in page.lines() {
        let cells: Vec<&str> = line.trim_matches('|').split(" |").map(str::trim).collect();
        if !line.starts_with('|') {
            is_inside = false;
        } else if cells == ["field", "unit", "range", "default", "meaning"] {
            is_inside = true;
        } else if is_inside && !line.starts_with("|---") {
            let [name, _, range, default, meaning] = cells[..] else { panic!("five cells: {line}") };
            let row = [range, default, meaning].map(str::to_owned);
            let is_new = rows.insert(name.trim_matches('`').to_owned(), row).is_none();
            assert!(is_new, "{name} twice");
        }
    }
    rows
}

#[test]
fn the_page_of_studies_has_every_field_with_its_range_and_default() {
    let schema: Value = serde_json::from_str(&goshawk::study::file::schema_json()).unwrap();
    let mut known = BTreeMap::new();
    fields(&schema, &schema, "", &mut known);
    let page = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/src/studies.md"))
        .unwrap();
    let rows = rows(&page);
    let names = |names: Vec<&String>| names.into_iter().cloned().collect::<BTreeSet<String>>();
    assert_eq!(names(rows.keys().collect()), names(known.keys().collect()));
    for (name, Field { schema, is_required }) in &known {
        let [range, default, meaning] = &rows[name];
        assert_eq!(default == "required", *is_required, "{name}: {default}");
        assert!(!range.is_empty() && !meaning.is_empty(), "{name}");
        let numbers = range.replace(',', "").replace("2^53 - 1", "9007199254740991");
        let numbers: BTreeSet<&str> = numbers.split(|letter: char| !letter.is_ascii_digit()).collect();
        for bound in
            ["minimum", "maximum", "minItems", "maxItems"].iter().filter_map(|bound| schema.get(bound))
        {
            let bound = format!("{}", bound.as_f64().unwrap());
            // Of a whole number the schema says 0 where the design's method says more.
            let is_of_method = bound == "0" && name.starts_with("design.") || name.starts_with("factor.");
            assert!(numbers.contains(bound.as_str()) || is_of_method, "{name}: no {bound} in {range}");
        }
        match schema.get("default") {
            None => {}
            Some(Value::String(text)) if text.is_empty() => assert_eq!(default, "empty", "{name}"),
            Some(Value::String(text)) => assert_eq!(default, &format!("`{text}`"), "{name}"),
            Some(Value::Number(number)) => {
                assert_eq!(default.parse::<f64>().ok(), number.as_f64(), "{name}: {default}");
            }
            Some(other) => assert_eq!(default, &format!("`{other}`"), "{name}"),
        }
    }
}
