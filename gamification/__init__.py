"""The loyalty domain: members, activity, rules, points, tasks, badges and leaderboards."""
