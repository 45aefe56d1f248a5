//! The statements of past heights as bytes. Between two blocks there are none of the present one.

use std::sync::Arc;

use super::{HeightStatements, Statements, Timeliness, place_of, vote_in};
use crate::codec::{Canonical, DecodeError, Reader, write_list};
use crate::evidence::ProposalClaim;
use crate::message::{ConsensusMessage, Vote};

impl Statements {
    /// Appends them.
    pub(crate) fn write_past(&self, out: &mut Vec<u8>) {
        (self.past.len() as u64).write(out);
        for past in &self.past {
            past.height.write(out);
            past.last_round.write(out);
            write_list(&past.accused, out);
            (past.rounds.len() as u64).write(out);
            for (number, round) in &past.rounds {
                number.write(out);
                let votes: Vec<Vote> = round.votes.iter().flatten().map(|it| vote_in(it).clone()).collect();
                write_list(&votes, out);
                let claims: Vec<ProposalClaim> =
                    round.claims.iter().map(|(claim, _)| claim.clone()).collect();
                write_list(&claims, out);
            }
        }
    }

    /// From the front of `input`, for a validator that will enter this height.
    ///
    /// # Errors
    /// When these are no statements of so many validators.
    pub(crate) fn read_past(
        validators: usize,
        height: u64,
        input: &mut Reader<'_>,
    ) -> Result<Self, DecodeError> {
        let mut statements = Self::new(validators, height);
        for _ in 0..u64::read(input)? {
            let mut past = HeightStatements::of(Canonical::read(input)?);
            past.last_round = Canonical::read(input)?;
            past.accused = Canonical::read(input)?;
            for _ in 0..u64::read(input)? {
                let round = past.rounds.entry(Canonical::read(input)?).or_default();
                let votes = Vec::<Vote>::read(input)?;
                if !votes.is_empty() {
                    round.votes.resize(2 * validators, None);
                }
                for vote in votes {
                    let place = round.votes.get_mut(place_of(&vote));
                    let place = place.ok_or(DecodeError::Invalid("no such validator"))?;
                    *place = Some(Arc::new(ConsensusMessage::Vote(vote)));
                }
                let claims = Vec::<ProposalClaim>::read(input)?;
                round.claims = claims.into_iter().map(|claim| (claim, Timeliness::Due)).collect();
            }
            statements.past.push_back(past);
        }
        Ok(statements)
    }
}
