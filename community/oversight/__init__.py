"""What moderation leaves behind: the log of every act, chained by hashes, and what members are told of the reasons."""
