//! Numbers and IPv4 addresses as text, many millions of times: without the machinery of formatting.

use std::net::Ipv4Addr;

/// Appends a number in decimal.
#[inline]
pub fn push_decimal(out: &mut Vec<u8>, number: u32) {
    const PAIRS: [[u8; 2]; 100] = {
        let mut pairs = [[0; 2]; 100];
        let mut n = 0;
        while n < 100 {
            pairs[n] = [b'0' + n as u8 / 10, b'0' + n as u8 % 10];
            n += 1;
        }
        pairs
    };
    let digits = number.checked_ilog10().unwrap_or(0) as usize + 1;
    let mut text = [0; 10];
    let (mut at, mut left) = (digits, number);
    while left >= 100 {
        at -= 2;
        text[at..at + 2].copy_from_slice(&PAIRS[(left % 100) as usize]);
        left /= 100;
    }
    let pair = PAIRS[left as usize];
    match at {
        1 => text[0] = pair[1],
        _ => text[..2].copy_from_slice(&pair),
    }
    push_first(out, &text, digits);
}

/// Appends an IPv4 address in dotted form.
#[inline]
pub fn push_ipv4(out: &mut Vec<u8>, addr: Ipv4Addr) {
    /// Each octet with a dot behind it, and the length of that.
    const OCTETS: [([u8; 4], u8); 256] = {
        let mut octets = [([0; 4], 0); 256];
        let mut n = 0;
        while n < 256 {
            let [a, b, c] = [b'0' + (n / 100) as u8, b'0' + (n / 10 % 10) as u8, b'0' + (n % 10) as u8];
            octets[n] = match n {
                0..10 => ([c, b'.', 0, 0], 2),
                10..100 => ([b, c, b'.', 0], 3),
                _ => ([a, b, c, b'.'], 4),
            };
            n += 1;
        }
        octets
    };
    let mut text = [0; 16];
    let mut len = 0;
    for octet in addr.octets() {
        let (shown, shown_len) = &OCTETS[usize::from(octet)];
        text[len..len + 4].copy_from_slice(shown);
        len += usize::from(*shown_len);
    }
    push_first(out, &text, len - 1);
}

/// Appends the first `len` bytes of `text`: a copy of one length is a store, one of any length a call.
#[inline]
fn push_first<const N: usize>(out: &mut Vec<u8>, text: &[u8; N], len: usize) {
    let end = out.len() + len;
    out.extend_from_slice(text);
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pushed(push: impl Fn(&mut Vec<u8>)) -> String {
        let mut out = b"before ".to_vec();
        push(&mut out);
        String::from_utf8(out.split_off(7)).unwrap()
    }

    #[test]
    fn numbers_are_written_as_they_are_shown() {
        let around_powers =
            (0..10).flat_map(|n| [10u32.pow(n) - 1, 10u32.pow(n), 10u32.pow(n) + 1, 42 * 10u32.pow(n.min(7))]);
        for number in around_powers.chain(0..1_200).chain([u32::MAX, u32::MAX - 1]) {
            assert_eq!(pushed(|out| push_decimal(out, number)), number.to_string());
        }
    }

    #[test]
    fn addresses_are_written_as_they_are_shown() {
        for octet in 0..=255u8 {
            for addr in [[octet, 0, 10, 255], [1, octet, 255, octet], [100, 99, octet, 9], [255, 255, 255, octet]] {
                let addr = Ipv4Addr::from(addr);
                assert_eq!(pushed(|out| push_ipv4(out, addr)), addr.to_string());
            }
        }
    }
}
