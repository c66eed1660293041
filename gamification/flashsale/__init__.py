"""Flash sales: pieces admitted in Redis, settled in MongoDB."""
