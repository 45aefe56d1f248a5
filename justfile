# What there is to do.
default:
    @just --list --unsorted

# Check format, lints, documentation and tests; write nothing but below target.
verify:
    cargo fmt --all --check
    cargo clippy --workspace --all-targets -- --deny warnings
    RUSTDOCFLAGS="--deny warnings" cargo doc --workspace --no-deps
    cargo test --release --workspace

# Format, apply the compiler's suggestions, refresh the schema of scenario files.
fix:
    cargo clippy --workspace --all-targets --fix --allow-dirty --allow-staged
    cargo fmt --all
    UPDATE_SCHEMA=1 cargo test --release -p goshawk --test scenario_files

# Fuzz the ledger's decoders and a validator for so many seconds each.
fuzz seconds="60":
    ledger/fuzz/smoke {{ seconds }}

# Build the book.
book:
    mdbook build docs

# Run a scenario that ships: just run community.
run name="community" *options:
    cargo run --release -- run scenarios/{{ name }}.toml {{ options }}
