"One per kernel: who asks, what ran, drafts, evidence, and the session that ties them. Loading it imports nothing."
