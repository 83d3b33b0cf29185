//! Fetching and packing sources: Git, archives, the artifact store.
