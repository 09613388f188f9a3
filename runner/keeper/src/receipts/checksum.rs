//! CRC-32 as in IEEE 802.3, and the lines that carry it: `{"crc":"0123abcd","record":…}`.

const TABLE: [u32; 256] = table();

const fn table() -> [u32; 256] {
    let mut table = [0; 256];
    let mut index = 0;
    while index < 256 {
        let mut value = index as u32;
        let mut bit = 0;
        while bit < 8 {
            value = if value & 1 == 1 { (value >> 1) ^ 0xedb8_8320 } else { value >> 1 };
            bit += 1;
        }
        table[index] = value;
        index += 1;
    }
    table
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, byte| (crc >> 8) ^ TABLE[((crc ^ u32::from(*byte)) & 0xff) as usize])
}

/// The line of a record, with its end.
pub(super) fn line(record: &str) -> String {
    format!("{{\"crc\":\"{:08x}\",\"record\":{record}}}\n", crc32(record.as_bytes()))
}

/// The record of a line without its end, if the line is whole.
pub(super) fn record(line: &[u8]) -> Option<&[u8]> {
    let (crc, rest) = line.strip_prefix(b"{\"crc\":\"")?.split_at_checked(8)?;
    let record = rest.strip_prefix(b"\",\"record\":")?.strip_suffix(b"}")?;
    let crc = u32::from_str_radix(std::str::from_utf8(crc).ok()?, 16).ok()?;
    (crc == crc32(record)).then_some(record)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_that_of_ieee() {
        assert_eq!(crc32(b"123456789"), 0xcbf4_3926);
    }

    #[test]
    fn a_line_is_whole_or_nothing() {
        let whole = line("{\"a\":1}");
        let bytes = whole.trim_end().as_bytes();
        assert_eq!(record(bytes), Some(b"{\"a\":1}".as_slice()));
        for cut in 0..bytes.len() {
            assert_eq!(record(&bytes[..cut]), None, "cut at {cut}");
            let mut flipped = bytes.to_vec();
            flipped[cut] ^= 1;
            assert_eq!(record(&flipped), None, "flipped at {cut}");
        }
    }
}
