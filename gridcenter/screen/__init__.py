"""The wall screen (大屏): what of a territory is late, where and whose, live, for people who stand five metres away."""
