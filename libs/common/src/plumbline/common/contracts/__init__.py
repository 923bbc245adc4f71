"""What services say to each other: message models, and the register of topics.

Services meet only here and on Kafka. Within a version a model only gains optional fields.
"""
