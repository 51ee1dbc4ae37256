"""Compose, check, plan, send and report a newsletter from files in git.

Two streams, words and people, meet in a campaign; the ledger records what was promised;
dispatch keeps the promise.

issues/*.toml ─► issue ─► edition ─► message ─┐
                             └─► lint ◄┘      ├─► campaign ─► ledger ─► dispatch ─► transport
subscribers/* ─► audience ────────────────────┘                 ▲  │                  │
                                                                │  └─► report         ▼
                                                                └── what came back ◄─ SMTP
└─────────── pure: values in, values out ───────────┘└──────── touches the world ─────────┘
"""

__version__ = "0.1.0"
