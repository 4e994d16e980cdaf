//! The data folder: the embedded database, and beside it the key that the database must never hold.

use anyhow::{Context, Result, bail};
use std::fs;
use std::io::{ErrorKind, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

/// File of the embedded database.
pub const DATABASE: &str = "nuanfan.db";
/// File of the field key, 64 hexadecimal digits.
pub const KEY: &str = "field.key";

/// Makes the folder, for its owner alone, unless it is there.
pub fn ensure(folder: &Path) -> Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).with_context(|| format!("cannot make the data folder {}", folder.display()))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o700)).with_context(|| format!("cannot protect {}", folder.display()))
}

/// The field key of the folder; made on first use, readable by its owner alone.
///
/// Fails when the file is readable by others (a copied key is a leaked key) or when a database is there without its key: a new
/// key would not open it.
pub fn field_key(folder: &Path) -> Result<[u8; 32]> {
    let path = folder.join(KEY);
    match fs::metadata(&path) {
        Ok(found) if found.permissions().mode() & 0o077 != 0 => {
            bail!("{} can be read by others; run: chmod 600 {}", path.display(), path.display())
        }
        Ok(_) => parse_key(&fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?)
            .with_context(|| format!("{} is not a field key", path.display())),
        Err(e) if e.kind() == ErrorKind::NotFound && folder.join(DATABASE).exists() => {
            bail!("{} is missing beside an existing database; restore the key from where you keep it", path.display())
        }
        Err(e) if e.kind() == ErrorKind::NotFound => make_key(&path),
        Err(e) => Err(e).with_context(|| format!("cannot look at {}", path.display())),
    }
}

fn make_key(path: &Path) -> Result<[u8; 32]> {
    use rand::Rng;
    let mut key = [0u8; 32];
    rand::rng().fill_bytes(&mut key);
    // `create_new`: of two processes that start at once, one makes the key and the other is told to try again.
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .with_context(|| format!("cannot make the field key {}", path.display()))?;
    file.write_all(hex::encode(key).as_bytes()).and_then(|()| file.sync_all()).with_context(|| format!("{}", path.display()))?;
    Ok(key)
}

/// The 32 bytes of 64 hexadecimal digits; blanks around them are allowed.
pub fn parse_key(text: &str) -> Result<[u8; 32]> {
    let mut key = [0u8; 32];
    hex::decode_to_slice(text.trim(), &mut key).map_err(|_| anyhow::anyhow!("a field key has 64 hexadecimal digits"))?;
    Ok(key)
}

/// File systems on which SQLite's locks and shared memory cannot be trusted, by the names Linux gives them.
const NETWORKED: [&str; 14] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "ncpfs",
    "afs",
    "ceph",
    "glusterfs",
    "lustre",
    "beegfs",
    "gpfs",
    "fuse.sshfs",
    "fuse.glusterfs",
];

/// Refuses a data folder on a network file system.
pub fn refuse_network_file_system(folder: &Path) -> Result<()> {
    // Without a table of mounts (another system than Linux) there is nothing to judge by.
    let Ok(mounts) = fs::read_to_string("/proc/self/mounts") else { return Ok(()) };
    let folder = fs::canonicalize(folder).with_context(|| format!("cannot find {}", folder.display()))?;
    match file_system_of(&mounts, &folder) {
        Some(kind) if NETWORKED.contains(&kind.as_str()) => bail!(
            "{} is on a network file system ({kind}), where SQLite loses data; use a local disk, or PostgreSQL through DATABASE_URL",
            folder.display()
        ),
        _ => Ok(()),
    }
}

/// The type of the file system that holds a path: that of the longest mount point above it, the last one of equals.
fn file_system_of(mounts: &str, path: &Path) -> Option<String> {
    let mounted = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (point, kind) = (fields.nth(1)?, fields.next()?);
        // The kernel writes blanks in octal.
        let point = PathBuf::from(point.replace("\\040", " ").replace("\\011", "\t").replace("\\134", "\\"));
        path.starts_with(&point).then(|| (point.components().count(), kind.to_owned()))
    });
    mounted.max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_system_of_a_folder_is_that_of_its_nearest_mount() {
        let mounts = "/dev/sda / ext4 rw 0 0\nhost:/x /srv/data\\040here nfs4 rw 0 0\ntmpfs /srv tmpfs rw 0 0\n";
        for (path, kind) in [("/home/x", "ext4"), ("/srv/data here/nuanfan", "nfs4"), ("/srv/data", "tmpfs")] {
            assert_eq!(file_system_of(mounts, Path::new(path)).as_deref(), Some(kind), "{path}");
        }
    }

    #[test]
    fn the_key_is_made_once_for_its_owner_alone_and_never_beside_an_existing_database() {
        let folder = tempfile::tempdir().unwrap();
        let made = field_key(folder.path()).unwrap();
        assert_eq!(field_key(folder.path()).unwrap(), made);
        let path = folder.path().join(KEY);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(field_key(folder.path()).unwrap_err().to_string().contains("chmod 600"));
        fs::remove_file(&path).unwrap();
        fs::write(folder.path().join(DATABASE), "").unwrap();
        assert!(field_key(folder.path()).unwrap_err().to_string().contains("restore the key"));
    }
}
