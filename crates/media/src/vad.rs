//! Voice activity: where in a file somebody speaks. Keeps engines from inventing words over music.
