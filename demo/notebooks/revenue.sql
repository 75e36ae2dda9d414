-- Databricks notebook source
SELECT country, count(*) AS orders, round(sum(quantity * price), 2) AS revenue
FROM read_csv(:orders) GROUP BY country ORDER BY revenue DESC
