//! Texts by name.

/// Texts by name, in the file's order. A name may have several values.
///
/// Names are lower-case. Those that many formats have are the same for all of them: `title`,
/// `artist`, `album`, `album_artist`, `date`, `genre`, `track_number`, `track_total`,
/// `disc_number`, `disc_total`, `comment`, `composer`, `publisher`, `copyright`, `isrc`, `encoder`,
/// `encoded_by`, `language`, `lyrics`, `bpm`, `key`, `replaygain_track_gain`,
/// `replaygain_track_peak`, `replaygain_album_gain`, `replaygain_album_peak`, …; others keep their
/// own. Where a file has several sets of tags, e.g. `LIST INFO` and ID3, each name has the values
/// of the first set that knows it.
///
/// ```
/// let tags = hotcue::Tags::default();
/// assert_eq!(tags.get("title"), None);
/// assert!(tags.is_empty());
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags(Vec<(String, String)>);

impl Tags {
    /// The first value of `name`.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.all(name).next()
    }

    /// All values of `name`.
    pub fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.iter().filter(move |(known, _)| *known == name).map(|(_, value)| value)
    }

    /// Names and values.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// Each name once, with its values joined by `; `.
    pub fn joined(&self) -> Vec<(&str, String)> {
        let mut joined: Vec<(&str, String)> = Vec::new();
        let mut places = std::collections::HashMap::new();
        for (name, value) in self.iter() {
            match places.get(name) {
                Some(&place) => {
                    let (_, values): &mut (&str, String) = &mut joined[place];
                    values.push_str("; ");
                    values.push_str(value);
                }
                None => {
                    places.insert(name, joined.len());
                    joined.push((name, value.to_owned()));
                }
            }
        }
        joined
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values in this order.
    pub(crate) fn from_pairs(pairs: Vec<(String, String)>) -> Self {
        Self(pairs)
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn push(&mut self, name: String, value: String) {
        self.0.push((name, value));
    }

    /// Adds those of `other` whose names are not known yet.
    pub(super) fn merge(&mut self, other: Self) {
        if self.0.is_empty() {
            *self = other;
            return;
        }
        let known: std::collections::HashSet<String> =
            self.0.iter().map(|(name, _)| name.clone()).collect();
        self.0.extend(other.0.into_iter().filter(|(name, _)| !known.contains(name)));
    }
}
