//! An untrusted link or file in; a fitted file, a transcript and a summary out.
