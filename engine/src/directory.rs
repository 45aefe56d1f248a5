//! Who there is: names, addresses, and who has left.

use hashbrown::HashTable;

use crate::actor::ActorId;
use crate::digest::word_of;

/// Names and addresses of all actors that ever were. Nothing iterates the table, so its order is nobody's concern.
#[derive(Debug, Default)]
pub(crate) struct Directory {
    names: Vec<Box<str>>,
    by_name: HashTable<u32>,
    /// A bit for each address whose actor has retired; as long as the last of them needs.
    retired: Vec<u64>,
}

impl Directory {
    /// Enters a name under the next address; `None` if somebody has it.
    pub(crate) fn enter(&mut self, name: &str) -> Option<ActorId> {
        let Self { names, by_name, .. } = self;
        let hash = word_of(name);
        if by_name.find(hash, |&index| *names[index as usize] == *name).is_some() {
            return None;
        }
        let index = u32::try_from(names.len()).expect("invariant: fewer than 2^32 actors fit memory");
        names.push(name.into());
        by_name.insert_unique(hash, index, |&index| word_of(&names[index as usize]));
        Some(ActorId::from_index(index))
    }

    pub(crate) fn names(&self) -> &[Box<str>] {
        &self.names
    }

    pub(crate) fn name(&self, id: ActorId) -> Option<&str> {
        self.names.get(id.index() as usize).map(|name| &**name)
    }

    pub(crate) fn find(&self, name: &str) -> Option<ActorId> {
        let index = self.by_name.find(word_of(name), |&index| *self.names[index as usize] == *name)?;
        Some(ActorId::from_index(*index))
    }

    /// Whether there is an actor at this address, and it has not retired.
    #[inline]
    pub(crate) fn is_active(&self, id: ActorId) -> bool {
        (id.index() as usize) < self.names.len() && !self.has_retired(id)
    }

    #[inline]
    pub(crate) fn has_retired(&self, id: ActorId) -> bool {
        let bits = self.retired.get(id.index() as usize / 64);
        bits.is_some_and(|bits| bits >> (id.index() % 64) & 1 == 1)
    }

    pub(crate) fn retire(&mut self, id: ActorId) {
        let word = id.index() as usize / 64;
        if self.retired.len() <= word {
            self.retired.resize(word + 1, 0);
        }
        self.retired[word] |= 1 << (id.index() % 64);
    }

    /// The first `count` of them, of whom nobody has retired.
    pub(crate) fn recall(&mut self, count: usize) {
        let names = std::mem::take(self).names;
        for name in &names[..count] {
            self.enter(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lead_to_addresses_and_back() {
        let mut directory = Directory::default();
        for index in 0..1_000 {
            assert_eq!(directory.enter(&format!("h{index}")), Some(ActorId::from_index(index)));
        }
        assert_eq!((directory.enter("h500"), directory.names().len()), (None, 1_000));
        for index in 0..1_000 {
            let id = directory.find(&format!("h{index}")).expect("entered");
            assert_eq!((id.index(), directory.name(id)), (index, Some(&*format!("h{index}"))));
        }
        assert_eq!(directory.find("h1000"), None);
    }

    #[test]
    fn who_has_retired_is_active_no_more() {
        let mut directory = Directory::default();
        let ids: Vec<ActorId> =
            (0..200).map(|index| directory.enter(&format!("{index}")).expect("free")).collect();
        directory.retire(ids[130]);
        let active = ids.iter().filter(|&&id| directory.is_active(id)).count();
        assert_eq!(
            (active, directory.has_retired(ids[130]), directory.has_retired(ids[2])),
            (199, true, false)
        );
        assert!(!directory.is_active(ActorId::from_index(200)));
        assert_eq!(directory.enter("130"), None, "a name is not given twice");
    }
}
