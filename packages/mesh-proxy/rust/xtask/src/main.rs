//! Generates `crates/wire/src/*.rs` from a descriptor set on standard input.
//!
//! `./dev proto --fix` runs it through mesh-proto's `tools/generate.py`; there is no build script,
//! so a source distribution builds anywhere.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use prost::Message;
use prost_types::FileDescriptorSet;

fn main() -> ExitCode {
    let Some(out) = std::env::args_os().nth(1).map(PathBuf::from) else {
        eprintln!("usage: xtask OUT_DIR < descriptor-set");
        return ExitCode::from(2);
    };
    let mut bytes = Vec::new();
    if let Err(error) = std::io::stdin().read_to_end(&mut bytes) {
        eprintln!("xtask: standard input: {error}");
        return ExitCode::FAILURE;
    }
    match generate(&bytes, &out) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("xtask: {error}");
            ExitCode::FAILURE
        }
    }
}

fn generate(bytes: &[u8], out: &Path) -> Result<(), Box<dyn std::error::Error>> {
    let set = FileDescriptorSet::decode(bytes)?;
    tonic_prost_build::configure()
        .build_client(true)
        .build_server(true)
        .build_transport(false)
        .emit_package(true)
        .out_dir(out)
        .compile_fds(set)?;
    // The SPIFFE workload API has no package; prost names its file after nothing.
    let nameless = out.join("_.rs");
    if nameless.exists() {
        std::fs::rename(nameless, out.join("spiffe.rs"))?;
    }
    Ok(())
}
