//! What changes during a run, for a run that is saved, and what does not: parameters, and tables that are shared, are built
//! again from the scenario, which may be another one in a branch.

use goshawk_engine::{Fault, Loading, Saving};

pub(crate) mod encoded;

/// Something of which a part changes during a run.
pub(crate) trait Saved {
    /// Puts that part.
    ///
    /// # Errors
    /// When it is in the middle of something that cannot be saved.
    fn put(&self, saving: &mut Saving) -> Result<(), Fault>;

    /// Takes it, in the same order.
    ///
    /// # Errors
    /// When something else is there.
    fn take(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault>;
}

impl<T: Saved + ?Sized> Saved for Box<T> {
    fn put(&self, saving: &mut Saving) -> Result<(), Fault> {
        (**self).put(saving)
    }

    fn take(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault> {
        (**self).take(loading)
    }
}

/// Whether there is one is a matter of the scenario.
impl<T: Saved> Saved for Option<T> {
    fn put(&self, saving: &mut Saving) -> Result<(), Fault> {
        self.as_ref().map_or(Ok(()), |value| value.put(saving))
    }

    fn take(&mut self, loading: &mut Loading<'_>) -> Result<(), Fault> {
        self.as_mut().map_or(Ok(()), |value| value.take(loading))
    }
}

/// Says of each field of a structure whether it is saved as a value, is [`Saved`] itself, or is built again. A field more
/// does not compile until somebody has said it.
macro_rules! saved {
    ($name:ident { $($value:ident),* } parts { $($part:ident),* } built again { $($built:ident),* }) => {
        impl $crate::saved::Saved for $name {
            fn put(
                &self,
                saving: &mut goshawk_engine::Saving,
            ) -> Result<(), goshawk_engine::Fault> {
                let Self { $($value,)* $($part,)* $($built: _,)* } = self;
                $(saving.put($value)?;)*
                $($crate::saved::Saved::put($part, saving)?;)*
                Ok(())
            }

            fn take(
                &mut self,
                loading: &mut goshawk_engine::Loading<'_>,
            ) -> Result<(), goshawk_engine::Fault> {
                $(self.$value = loading.take()?;)*
                $($crate::saved::Saved::take(&mut self.$part, loading)?;)*
                Ok(())
            }
        }
    };
}

pub(crate) use saved;

/// The two methods of an actor that is [`Saved`].
macro_rules! saved_actor {
    () => {
        fn save(&self, saving: &mut goshawk_engine::Saving) -> Result<(), goshawk_engine::Fault> {
            $crate::saved::Saved::put(self, saving)
        }

        fn load(&mut self, loading: &mut goshawk_engine::Loading<'_>) -> Result<(), goshawk_engine::Fault> {
            $crate::saved::Saved::take(self, loading)
        }
    };
}

pub(crate) use saved_actor;
