//! Writes the demo street's files into a folder: `dump FOLDER [SEED] [FIRST-DATE]`.

use demo::Street;
use domain::ServiceDate;
use std::error::Error;
use std::path::Path;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let folder = Path::new(arguments.first().ok_or("dump FOLDER [SEED] [FIRST-DATE]")?);
    let seed = arguments.get(1).map_or(Ok(1), |s| s.parse())?;
    let date = arguments.get(2).map_or("2026-11-23", String::as_str);
    let street = Street::generate(seed, ServiceDate::parse(date).ok_or("a date is YYYY-MM-DD")?)?;
    std::fs::create_dir_all(folder)?;
    for (_, name, bytes) in street.files()? {
        std::fs::write(folder.join(name), bytes)?;
    }
    Ok(())
}
