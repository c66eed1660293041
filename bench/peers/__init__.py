"""Other GraphQL servers that answer the page's JSON from memory, each as its own documentation sets it up."""
