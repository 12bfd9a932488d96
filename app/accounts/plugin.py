from app.kernel.module import Module

module = Module(name="accounts")
