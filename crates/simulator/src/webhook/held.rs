//! Events that a test held back, and the order in which they leave.

use std::sync::Arc;

use rand::SeedableRng as _;
use rand::seq::SliceRandom as _;

use super::event::Event;
use super::{BATCH_LIMIT, Delivery, Timing, send_in_lane};
use crate::world::Shared;

/// How held events leave.
#[derive(Debug, Clone)]
pub(crate) enum Order {
    AsIs,
    Reverse,
    Shuffle(u64),
    /// Positions in the held list; those not named follow.
    Given(Vec<usize>),
}

/// Lets held events go. Returns the ids of the deliveries they became.
pub(crate) fn release(world: &Shared, order: &Order, batch: usize) -> Vec<Arc<Delivery>> {
    let mut held = {
        let mut inner = world.webhooks().lock();
        inner.holding = false;
        std::mem::take(&mut inner.held)
    };
    arrange(&mut held, order);
    let batch = batch.clamp(1, BATCH_LIMIT);
    let mut deliveries = Vec::new();
    let mut rest = held.into_iter().peekable();
    while rest.peek().is_some() {
        let events: Vec<Event> = rest.by_ref().take(batch).collect();
        // One lane for all of them: the order a test asked for must be the order they leave in.
        deliveries.extend(send_in_lane(
            world,
            events,
            Timing::default(),
            Some("released"),
        ));
    }
    deliveries
}

/// Puts what was held into the order that a test asked for.
pub(crate) fn arrange<T>(events: &mut Vec<T>, order: &Order) {
    match order {
        Order::AsIs => {}
        Order::Reverse => events.reverse(),
        Order::Shuffle(seed) => events.shuffle(&mut rand::rngs::StdRng::seed_from_u64(*seed)),
        Order::Given(positions) => {
            let mut slots: Vec<Option<T>> = events.drain(..).map(Some).collect();
            let named: Vec<T> = positions
                .iter()
                .filter_map(|position| slots.get_mut(*position).and_then(Option::take))
                .collect();
            events.extend(named);
            events.extend(slots.into_iter().flatten());
        }
    }
}
