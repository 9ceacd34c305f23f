"""An organization gets, keeps and gives up its books: sign-in, options, authorizations, notices."""
