"""The face: frame -> detect -> quality -> align -> embed -> aggregate -> compare, strictly one against one."""
