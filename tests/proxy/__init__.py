"""The proxy, from its port inwards: real sockets on both sides, and servers that do what they like behind it."""
