//! Settings that the two ends of a connection tell each other (RFC 9113 §6.5).

use super::frame::{self, Flags, FrameHead, Kind};
use super::{ErrorCode, MAX_WINDOW, Violation};

/// One end's settings. [`Self::default`] holds what counts before any SETTINGS frame (RFC 9113
/// §6.5.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    pub header_table_size: u32,
    pub enable_push: bool,
    /// None: no limit.
    pub max_concurrent_streams: Option<u32>,
    pub initial_window_size: u32,
    pub max_frame_size: u32,
    /// None: no limit that was told.
    pub max_header_list_size: Option<u32>,
    /// Whether a client may send extended CONNECT (RFC 8441).
    pub enable_connect_protocol: bool,
}

mod id {
    pub const HEADER_TABLE_SIZE: u16 = 0x1;
    pub const ENABLE_PUSH: u16 = 0x2;
    pub const MAX_CONCURRENT_STREAMS: u16 = 0x3;
    pub const INITIAL_WINDOW_SIZE: u16 = 0x4;
    pub const MAX_FRAME_SIZE: u16 = 0x5;
    pub const MAX_HEADER_LIST_SIZE: u16 = 0x6;
    pub const ENABLE_CONNECT_PROTOCOL: u16 = 0x8;
}

/// Identifier and value.
const ENTRY: usize = 6;

impl Default for Settings {
    fn default() -> Self {
        Self {
            header_table_size: 4096,
            enable_push: true,
            max_concurrent_streams: None,
            initial_window_size: 65_535,
            max_frame_size: frame::MIN_MAX_SIZE,
            max_header_list_size: None,
            enable_connect_protocol: false,
        }
    }
}

impl Settings {
    /// Takes over what a SETTINGS frame without ACK says. A frame with a forbidden value changes
    /// nothing.
    pub fn apply(&mut self, payload: &[u8]) -> Result<(), Violation> {
        let (entries, rest) = payload.as_chunks::<ENTRY>();
        if !rest.is_empty() {
            return Err(Violation::connection(
                ErrorCode::FRAME_SIZE_ERROR,
                "SETTINGS of a length that is no multiple of six",
            ));
        }
        let mut new = *self;
        for &[a, b, c, d, e, f] in entries {
            new.set(u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, f]))?;
        }
        *self = new;
        Ok(())
    }

    fn set(&mut self, id: u16, value: u32) -> Result<(), Violation> {
        match id {
            id::HEADER_TABLE_SIZE => self.header_table_size = value,
            id::ENABLE_PUSH => self.enable_push = flag(value, "ENABLE_PUSH is neither 0 nor 1")?,
            id::MAX_CONCURRENT_STREAMS => self.max_concurrent_streams = Some(value),
            id::INITIAL_WINDOW_SIZE if value > MAX_WINDOW => {
                return Err(Violation::connection(
                    ErrorCode::FLOW_CONTROL_ERROR,
                    "INITIAL_WINDOW_SIZE above the largest window",
                ));
            }
            id::INITIAL_WINDOW_SIZE => self.initial_window_size = value,
            id::MAX_FRAME_SIZE if !(frame::MIN_MAX_SIZE..=frame::MAX_SIZE).contains(&value) => {
                return Err(Violation::connection(
                    ErrorCode::PROTOCOL_ERROR,
                    "MAX_FRAME_SIZE outside its range",
                ));
            }
            id::MAX_FRAME_SIZE => self.max_frame_size = value,
            id::MAX_HEADER_LIST_SIZE => self.max_header_list_size = Some(value),
            id::ENABLE_CONNECT_PROTOCOL => {
                let enabled = flag(value, "ENABLE_CONNECT_PROTOCOL is neither 0 nor 1")?;
                // RFC 8441 §3: an offer cannot be taken back.
                if self.enable_connect_protocol && !enabled {
                    return Err(Violation::connection(
                        ErrorCode::PROTOCOL_ERROR,
                        "ENABLE_CONNECT_PROTOCOL taken back",
                    ));
                }
                self.enable_connect_protocol = enabled;
            }
            // RFC 9113 §6.5.2: unknown settings are ignored.
            _ => {}
        }
        Ok(())
    }

    /// Writes a SETTINGS frame with every value that is not the protocol's default.
    pub fn write(&self, out: &mut Vec<u8>) {
        let start = out.len();
        FrameHead::new(0, Kind::SETTINGS, Flags::NONE, 0).write(out);
        let default = Self::default();
        let mut entry = |id: u16, value: u32, usual: bool| {
            if !usual {
                out.extend_from_slice(&id.to_be_bytes());
                out.extend_from_slice(&value.to_be_bytes());
            }
        };
        entry(
            id::HEADER_TABLE_SIZE,
            self.header_table_size,
            self.header_table_size == default.header_table_size,
        );
        entry(id::ENABLE_PUSH, 0, self.enable_push);
        if let Some(streams) = self.max_concurrent_streams {
            entry(id::MAX_CONCURRENT_STREAMS, streams, false);
        }
        entry(
            id::INITIAL_WINDOW_SIZE,
            self.initial_window_size,
            self.initial_window_size == default.initial_window_size,
        );
        entry(
            id::MAX_FRAME_SIZE,
            self.max_frame_size,
            self.max_frame_size == default.max_frame_size,
        );
        if let Some(size) = self.max_header_list_size {
            entry(id::MAX_HEADER_LIST_SIZE, size, false);
        }
        entry(
            id::ENABLE_CONNECT_PROTOCOL,
            1,
            !self.enable_connect_protocol,
        );
        frame::set_length(out, start);
    }
}

fn flag(value: u32, reason: &'static str) -> Result<bool, Violation> {
    match value {
        0 => Ok(false),
        1 => Ok(true),
        _ => Err(Violation::connection(ErrorCode::PROTOCOL_ERROR, reason)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: u16, value: u32) -> Vec<u8> {
        [&id.to_be_bytes()[..], &value.to_be_bytes()].concat()
    }

    #[test]
    fn what_is_written_is_read_back() {
        let settings = Settings {
            header_table_size: 0,
            enable_push: false,
            max_concurrent_streams: Some(100),
            initial_window_size: 1 << 20,
            max_frame_size: 65_536,
            max_header_list_size: Some(131_072),
            enable_connect_protocol: true,
        };
        let mut out = Vec::new();
        settings.write(&mut out);
        let (head, payload) = out.split_at(frame::HEAD);
        let head = FrameHead::parse(head.try_into().unwrap());
        assert_eq!(head.length as usize, payload.len());
        let mut read = Settings::default();
        read.apply(payload).unwrap();
        assert_eq!(read, settings);
    }

    #[test]
    fn defaults_need_no_entries() {
        let mut out = Vec::new();
        Settings::default().write(&mut out);
        assert_eq!(out, [0, 0, 0, 4, 0, 0, 0, 0, 0]);
    }

    #[test]
    fn forbidden_values_change_nothing() {
        for (id, value, code) in [
            (id::ENABLE_PUSH, 2, ErrorCode::PROTOCOL_ERROR),
            (
                id::INITIAL_WINDOW_SIZE,
                1 << 31,
                ErrorCode::FLOW_CONTROL_ERROR,
            ),
            (id::MAX_FRAME_SIZE, 16_383, ErrorCode::PROTOCOL_ERROR),
            (id::MAX_FRAME_SIZE, 1 << 24, ErrorCode::PROTOCOL_ERROR),
            (id::ENABLE_CONNECT_PROTOCOL, 7, ErrorCode::PROTOCOL_ERROR),
        ] {
            let mut settings = Settings::default();
            let payload = [entry(id::HEADER_TABLE_SIZE, 1), entry(id, value)].concat();
            assert_eq!(settings.apply(&payload).unwrap_err().code, code);
            assert_eq!(settings, Settings::default());
        }
        let cut = Settings::default().apply(&[0; 7]).unwrap_err();
        assert_eq!(cut.code, ErrorCode::FRAME_SIZE_ERROR);
    }

    #[test]
    fn unknown_settings_are_ignored_and_the_last_value_counts() {
        let mut settings = Settings::default();
        let payload = [
            entry(0xabcd, 9),
            entry(id::MAX_CONCURRENT_STREAMS, 1),
            entry(id::MAX_CONCURRENT_STREAMS, 2),
        ];
        settings.apply(&payload.concat()).unwrap();
        assert_eq!(settings.max_concurrent_streams, Some(2));
    }
}
