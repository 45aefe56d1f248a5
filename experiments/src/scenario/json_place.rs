//! Where in a JSON text the value of a JSON pointer stands; `serde_json` does not keep that.

use std::ops::Range;

/// The first line of the value at `pointer`, such as `/schedule/2/times`, or of the nearest value around it. The text
/// must be JSON.
pub(super) fn span_of(text: &str, pointer: &str) -> Range<usize> {
    let mut scanner = Scanner { text: text.as_bytes(), at: 0 };
    scanner.spaces();
    for name in pointer.split('/').skip(1) {
        let value = scanner.at;
        if scanner.enter(name).is_none() {
            scanner.at = value;
            break;
        }
    }
    let start = scanner.at;
    scanner.value();
    start..scanner.at.min(text.len())
}

struct Scanner<'a> {
    text: &'a [u8],
    at: usize,
}

impl Scanner<'_> {
    fn peek(&self) -> u8 {
        self.text.get(self.at).copied().unwrap_or(0)
    }

    fn spaces(&mut self) {
        while self.peek().is_ascii_whitespace() || matches!(self.peek(), b',' | b':') {
            self.at += 1;
        }
    }

    /// From the start of a list or an object to the value within it of that index or name.
    fn enter(&mut self, name: &str) -> Option<()> {
        let is_list = self.peek() == b'[';
        if !is_list && self.peek() != b'{' {
            return None;
        }
        self.at += 1;
        let mut index = 0_usize;
        loop {
            self.spaces();
            if matches!(self.peek(), b']' | b'}' | 0) {
                return None;
            }
            let key = self.at;
            if !is_list {
                self.value();
            }
            let key_text = self.text.get(key + 1..self.at.saturating_sub(1)).unwrap_or_default();
            let is_it = if is_list { name.parse() == Ok(index) } else { key_text == name.as_bytes() };
            self.spaces();
            if is_it {
                return Some(());
            }
            self.value();
            index += 1;
        }
    }

    /// Past the value that starts here.
    fn value(&mut self) {
        let mut depth = 0_usize;
        loop {
            match self.peek() {
                0 => return,
                b'"' => self.string(),
                b'[' | b'{' => {
                    depth += 1;
                    self.at += 1;
                }
                b']' | b'}' => {
                    depth = depth.saturating_sub(1);
                    self.at += 1;
                }
                b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' => self.at += 1,
                _ => {
                    while self.peek().is_ascii_alphanumeric() || matches!(self.peek(), b'+' | b'-' | b'.') {
                        self.at += 1;
                    }
                }
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// Past the string that starts here.
    fn string(&mut self) {
        self.at += 1;
        while !matches!(self.peek(), b'"' | 0) {
            self.at += if self.peek() == b'\\' { 2 } else { 1 };
        }
        self.at += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pointer_leads_to_its_value_or_to_the_nearest_one_around_it() {
        let text = r#"{ "name": "a \" b", "schedule": [ {"times": [0, 16]}, {"times": [-0.5e3, 21]} ] }"#;
        assert_eq!(&text[span_of(text, "/schedule/1/times/0")], "-0.5e3");
        assert_eq!(&text[span_of(text, "/schedule/1/times")], "[-0.5e3, 21]");
        assert_eq!(&text[span_of(text, "/schedule/0/tariffs")], r#"{"times": [0, 16]}"#);
        assert_eq!(&text[span_of(text, "/name")], r#""a \" b""#);
        assert_eq!(span_of(text, ""), 0..text.len());
    }
}
