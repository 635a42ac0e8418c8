//! Dates of snapshots: in their content, else in their names.

use headwater_route::Time;

const SECOND_MICROS: i64 = 1_000_000;

fn digits<T: std::str::FromStr>(text: &[u8]) -> Option<T> {
    let all = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    all.then(|| std::str::from_utf8(text).ok()?.parse().ok()).flatten()
}

fn midnight(year: &[u8], month: &[u8], day: &[u8]) -> Option<Time> {
    let year: i16 = digits(year)?;
    // Other eight-digit numbers should not pass for dates.
    (1980..2100).contains(&year).then(|| Time::from_date(year, digits(month)?, digits(day)?)).flatten()
}

/// From the midnight that starts one day to the last second of another.
fn days(first: Time, last: Time) -> (Time, Time) {
    (first, Time(last.plus_days(1).0 - SECOND_MICROS))
}

/// First and last second of the day `YYYYMMDD`.
pub fn day(text: &[u8]) -> Option<(Time, Time)> {
    if text.len() != 8 {
        return None;
    }
    midnight(&text[..4], &text[4..6], &text[6..]).map(|day| days(day, day))
}

/// First second of the first and last second of the fifth day of the month of `YYYYMMDD`: what a CAIDA relationship file
/// covers.
pub fn days_one_to_five(text: &[u8]) -> Option<(Time, Time)> {
    day(text)?;
    let first = midnight(&text[..4], &text[4..6], b"01")?;
    Some(days(first, first.plus_days(4)))
}

/// The day of a line `# source:topology|BGP|YYYYMMDD|…` of a CAIDA relationship file.
pub fn bgp_source_day(line: &str) -> Option<(Time, Time)> {
    let text = line.strip_prefix("# source:topology|BGP|")?;
    day(text.split('|').next()?.as_bytes())
}

/// What the version line of RIR statistics says its content is of: its end date, a day at the offset it states; else the day
/// of its serial number. `version|registry|serial|records|startdate|enddate|UTCoffset`
pub fn delegated_period(line: &str) -> Option<(Time, Time)> {
    let parts: Vec<&str> = line.split('|').collect();
    let [_, _, serial, _, _, end, offset] = parts.as_slice() else {
        return None;
    };
    let (first, last) = day(end.as_bytes()).or_else(|| day(serial.as_bytes()))?;
    let (sign, digits_of) = match offset.as_bytes() {
        [b'-', rest @ ..] => (-1, rest),
        [b'+', rest @ ..] => (1, rest),
        rest => (1, rest),
    };
    // `-0300`; anything else (`00000`) is UTC.
    let east_minutes = match digits_of {
        [_, _, _, _] => {
            let (hours, minutes): (i64, i64) = (digits(&digits_of[..2])?, digits(&digits_of[2..])?);
            sign * (hours * 60 + minutes)
        }
        _ => 0,
    };
    let shift = east_minutes * 60 * SECOND_MICROS;
    Some((Time(first.0 - shift), Time(last.0 - shift)))
}

/// The instant of the RIB that a pyasn file was made from: `; Original file : rib.YYYYMMDD.HHMM.bz2`.
pub(super) fn original_file(line: &str) -> Option<(Time, Time)> {
    let (_, name) = line.strip_prefix(';')?.split_once("Original file")?;
    let mut parts = name.split('.').skip_while(|part| day(part.as_bytes()).is_none());
    let (start, end) = day(parts.next()?.as_bytes())?;
    let Some(clock) = parts.next().filter(|clock| clock.len() == 4) else {
        return Some((start, end));
    };
    let (hours, minutes): (i64, i64) = (digits(&clock.as_bytes()[..2])?, digits(&clock.as_bytes()[2..])?);
    if hours > 23 || minutes > 59 {
        return Some((start, end));
    }
    let at = Time(start.0 + (hours * 60 + minutes) * 60 * SECOND_MICROS);
    Some((at, at))
}

/// `"buildtime": "…"` of rpki-client, `"generatedTime": "…"` of others.
pub(super) fn build_time(text: &str) -> Option<(Time, Time)> {
    let after = ["\"buildtime\"", "\"generatedTime\""].iter().find_map(|key| Some(text.split_once(key)?.1))?;
    let value = after.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    let at = Time::parse(value.split_once('"')?.0, None).ok()?;
    Some((at, at))
}

/// The day in the last component of a file name, `YYYYMMDD` or `YYYY-MM-DD`; none if it has several that differ.
pub(super) fn of_name(name: &str) -> Option<(Time, Time)> {
    let compact = day_of_name(name)?;
    day(&compact)
}

/// As [`of_name`], for files that cover days 1 to 5 of the month in their name.
pub(super) fn month_of_name(name: &str) -> Option<(Time, Time)> {
    let compact = day_of_name(name)?;
    days_one_to_five(&compact)
}

fn day_of_name(name: &str) -> Option<[u8; 8]> {
    let name = name.rsplit(['/', '\\', '!']).next().unwrap_or("").as_bytes();
    let mut found: Option<[u8; 8]> = None;
    for start in 0..name.len() {
        if start > 0 && name[start - 1].is_ascii_digit() {
            continue;
        }
        let (compact, len) = match &name[start..] {
            [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, ..] => ([*y0, *y1, *y2, *y3, *m0, *m1, *d0, *d1], 10),
            [y0, y1, y2, y3, m0, m1, d0, d1, ..] => ([*y0, *y1, *y2, *y3, *m0, *m1, *d0, *d1], 8),
            _ => continue,
        };
        let goes_on = name.get(start + len).is_some_and(u8::is_ascii_digit);
        if goes_on || day(&compact).is_none() {
            continue;
        }
        match found {
            Some(other) if other != compact => return None,
            _ => found = Some(compact),
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(date: Option<(Time, Time)>) -> String {
        date.map_or("none".into(), |(from, until)| format!("{from} {until}"))
    }

    #[test]
    fn names_give_a_day_or_none() {
        let whole = "2024-06-01T00:00:00Z 2024-06-01T23:59:59Z";
        for name in
            ["x.20240601.csv.gz", "20240601.as-rel.txt.bz2", "a.tar.xz!./d/asns.2024-06-01.csv", "y_20240601T0931Z"]
        {
            assert_eq!(shown(of_name(name)), whole, "{name}");
        }
        for name in
            ["", "x", "20240601/x.csv", "ribs.1401487200.bz2", "20241301", "a.20240601-20240701.gz", "é20249999"]
        {
            assert_eq!(shown(of_name(name)), "none", "{name}");
        }
        assert_eq!(shown(month_of_name("20240615.txt")), "2024-06-01T00:00:00Z 2024-06-05T23:59:59Z");
    }

    #[test]
    fn contents_give_theirs() {
        let line = "# source:topology|BGP|20240603|ripe|rrc00";
        assert_eq!(shown(bgp_source_day(line)), "2024-06-03T00:00:00Z 2024-06-03T23:59:59Z");
        assert_eq!(shown(bgp_source_day("# source:topology|looking-glass|20240601|x")), "none");
        let version = "2.3|lacnic|20230323|5|19870101|20230322|-0300";
        assert_eq!(shown(delegated_period(version)), "2023-03-22T03:00:00Z 2023-03-23T02:59:59Z");
        let version = "2|afrinic|20230323|5|00000000|00000000|00000";
        assert_eq!(shown(delegated_period(version)), "2023-03-23T00:00:00Z 2023-03-23T23:59:59Z");
        let line = "; Original file : data/rib.20080501.0644.bz2.skip";
        assert_eq!(shown(original_file(line)), "2008-05-01T06:44:00Z 2008-05-01T06:44:00Z");
        let line = "; Original file : rib.20080501.bz2";
        assert_eq!(shown(original_file(line)), "2008-05-01T00:00:00Z 2008-05-01T23:59:59Z");
        let json = r#"{"metadata": {"buildtime" : "2025-07-20T09:31:33Z"}"#;
        assert_eq!(shown(build_time(json)), "2025-07-20T09:31:33Z 2025-07-20T09:31:33Z");
    }
}
