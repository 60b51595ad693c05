"""Everything the store holds, written out for other programs: tables, JSON lines, W3C Web Annotations."""
