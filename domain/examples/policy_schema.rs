//! Prints the JSON Schema of the policy language: `policies/policy.schema.json` is its output, and a test compares the two.

fn main() {
    match domain::subsidy::schema_text() {
        Ok(text) => print!("{text}"),
        Err(error) => {
            eprintln!("{error}");
            std::process::exit(1);
        }
    }
}
