//! The media edge: sockets, clocks and threads around the pure cores.
