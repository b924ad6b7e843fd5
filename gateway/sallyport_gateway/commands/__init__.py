"""The subcommands of `sallyport-gateway`."""
