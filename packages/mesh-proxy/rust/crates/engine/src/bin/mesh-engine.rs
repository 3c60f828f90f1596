//! The engine as a program, for development: configuration, exit codes and signals are those of
//! `mesh-proxy run`, without Python around them.

fn main() {
    std::process::exit(mesh_engine::run::run());
}
