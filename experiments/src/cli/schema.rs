//! `goshawk schema`: the JSON Schema of scenario files.

use super::print;

pub(super) fn schema() -> u8 {
    print(&crate::scenario::schema_json())
}
