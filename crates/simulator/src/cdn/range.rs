//! Which part of a file a `Range` header asks for (RFC 9110 section 14). Players seek with one range; a request
//! for several is answered with the whole, as the RFC allows.

/// What to send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Whole,
    Some {
        from: u64,
        length: u64,
    },
    /// 416: nothing of the file lies there.
    Outside,
}

pub(super) fn choose(header: Option<&str>, size: u64) -> Part {
    let Some((from, to)) =
        header.and_then(|text| text.trim().strip_prefix("bytes=")?.split_once('-'))
    else {
        return Part::Whole;
    };
    let (from, to) = match (from.trim().parse::<u64>(), to.trim()) {
        (Ok(from), "") => (from, size.saturating_sub(1)),
        (Ok(from), to) => match to.parse::<u64>() {
            Ok(to) if to >= from => (from, to.min(size.saturating_sub(1))),
            _ => return Part::Whole,
        },
        (Err(_), to) if from.trim().is_empty() => match to.parse::<u64>() {
            Ok(0) => return Part::Outside,
            Ok(last) => (size.saturating_sub(last), size.saturating_sub(1)),
            Err(_) => return Part::Whole,
        },
        _ => return Part::Whole,
    };
    if from >= size {
        return Part::Outside;
    }
    Part::Some {
        from,
        length: to - from + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_as_players_ask_for_them() {
        for (header, part) in [
            (None, Part::Whole),
            (
                Some("bytes=0-"),
                Part::Some {
                    from: 0,
                    length: 100,
                },
            ),
            (
                Some("bytes=10-19"),
                Part::Some {
                    from: 10,
                    length: 10,
                },
            ),
            (
                Some("bytes=90-500"),
                Part::Some {
                    from: 90,
                    length: 10,
                },
            ),
            (
                Some("bytes=-25"),
                Part::Some {
                    from: 75,
                    length: 25,
                },
            ),
            (
                Some("bytes=-500"),
                Part::Some {
                    from: 0,
                    length: 100,
                },
            ),
            (Some("bytes=100-"), Part::Outside),
            (Some("bytes=-0"), Part::Outside),
            (Some("bytes=20-10"), Part::Whole),
            (Some("bytes=0-1,5-6"), Part::Whole),
            (Some("lines=0-1"), Part::Whole),
        ] {
            assert_eq!(choose(header, 100), part, "{header:?}");
        }
        assert_eq!(choose(Some("bytes=0-"), 0), Part::Outside);
    }
}
