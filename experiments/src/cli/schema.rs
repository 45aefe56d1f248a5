//! `goshawk schema`: the JSON Schemas of input files.

use clap::{Args, ValueEnum};

use super::print;

#[derive(Debug, Args)]
pub(super) struct SchemaArguments {
    /// Of which files.
    #[arg(value_enum, default_value_t = Kind::Scenario)]
    kind: Kind,
}

/// Kinds of input files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// Of scenario files.
    Scenario,
    /// Of study files.
    Study,
}

pub(super) fn schema(arguments: &SchemaArguments) -> u8 {
    print(&match arguments.kind {
        Kind::Scenario => crate::scenario::schema_json(),
        Kind::Study => crate::study::file::schema_json(),
    })
}
