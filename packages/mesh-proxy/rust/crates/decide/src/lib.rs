//! Pure decisions of the proxy: state, input, now and chance in; an answer out.

pub mod authorize;
