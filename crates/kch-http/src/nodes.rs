//! The nodes of one service: any of them will do, and the one that answered last is asked first.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::{Client, Endpoint, Error};

/// One client for each node; at least one.
#[derive(Debug)]
pub(crate) struct Nodes {
    clients: Vec<Client>,
    current: AtomicUsize,
}

impl Nodes {
    /// The first endpoint, which is asked first, and the others.
    pub(crate) fn new(first: Endpoint, others: &[Endpoint]) -> Result<Nodes, Error> {
        let all = std::iter::once(first).chain(others.iter().cloned());
        Ok(Nodes { clients: all.map(Client::new).collect::<Result<_, _>>()?, current: AtomicUsize::new(0) })
    }

    /// The same nodes, without a connection to any of them.
    pub(crate) fn anew(&self) -> Result<Nodes, Error> {
        let clients = self.clients.iter().map(|client| Client::new(client.endpoint().clone()));
        Ok(Nodes { clients: clients.collect::<Result<_, _>>()?, current: AtomicUsize::new(self.at()) })
    }

    /// The node that answered last, or is asked first.
    pub(crate) fn current(&self) -> &Client {
        &self.clients[self.at()]
    }

    /// All nodes with their numbers, the current one first.
    pub(crate) fn in_turn(&self) -> impl ExactSizeIterator<Item = (usize, &Client)> {
        let (first, count) = (self.at(), self.clients.len());
        (0..count).map(move |step| {
            let at = (first + step) % count;
            (at, &self.clients[at])
        })
    }

    /// Remembers that this node answers.
    pub(crate) fn settle_on(&self, at: usize) {
        self.current.store(at, Ordering::Relaxed);
    }

    fn at(&self) -> usize {
        self.current.load(Ordering::Relaxed)
    }
}
